import { afterAll, beforeAll, beforeEach } from 'vitest'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { revisionIn, staff, startDesk, type TestDesk } from './desk.js'

type Form = Record<string, string> | [string, string][]

/** A console for a group of tests, and a new request for each; `meet` is called before each test. */
export function useReview(meet: (review: { desk: TestDesk; id: string }) => void) {
  let desk: TestDesk
  let id: string
  /** what `mayDecide` says of robin */
  const rights = { robin: true as boolean | string }

  beforeAll(async () => {
    desk = await startDesk(
      {
        operators: () => staff,
        mayDecide: (operator, { accountId }) =>
          operator.id !== accountId && (operator.id === 'robin' ? rights.robin : true),
      },
      { configuration: { features: { richAuthorizationRequests: richAuthorizationRequests(() => {}) } } },
    )
  })
  afterAll(() => desk.close())
  beforeEach(async () => {
    rights.robin = true
    id = await desk.add({ scope: ['openid', 'email', 'payments'] })
    meet({ desk, id })
  })

  const page = async (who = 'kim', of = id) => (await desk.get(`deferrals/${of}`, who)).text()
  return {
    rights,
    page,
    revision: async (who = 'kim', of = id) => revisionIn(await page(who, of)),
    deferral: async (of = id) => (await desk.op.provider.deferrals.get(of))!,
    /** sends the form of the page, confirmed */
    decide: (verb: string, form: Form, who = 'kim', of = id) => {
      const fields = new URLSearchParams(form)
      fields.set('confirmed', 'yes')
      return desk.post(`deferrals/${of}/${verb}`, fields, who)
    },
  }
}
