import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Bank, startBank } from '../../example-app/start.js'
import { openBrowser } from './chromium.js'
import { signInAtDesk } from './people.js'

export type Visitor = Awaited<ReturnType<typeof openBrowser>>

/** A bank, and the browsers of its customer and its reviewer. */
interface People {
  bank: Bank
  customer: Visitor
  reviewer: Visitor
}

/**
 * A bank for a group of tests. Its reviewer signs in once, each test has a customer of its own. `meet` is called before each test.
 */
export function useBank(
  options: Omit<NonNullable<Parameters<typeof startBank>[0]>, 'ports'>,
  meet: (people: People) => void,
): void {
  const people = {} as People

  beforeAll(async () => {
    people.bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], ...options })
    people.reviewer = await openBrowser()
    await signInAtDesk(people.reviewer.page, people.bank)
  })
  afterAll(async () => {
    await people.reviewer.close()
    await people.bank.stop()
  })

  beforeEach(async () => {
    people.customer = await openBrowser()
    people.reviewer.complaints.length = 0
    meet(people)
  })
  afterEach(() => people.customer.close())
}
