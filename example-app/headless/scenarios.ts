import { match, ok } from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Shown } from './browser.js'
import { check, checkConversation, checkNotStored, expectPage } from './expect.js'
import type { Customer, Reviewer } from './people.js'
import type { Recorded, Recorder } from './recorder.js'

/** Who plays, and what they can do that a customer cannot. */
export interface Cast {
  customer: Customer
  reviewer: Reviewer
  recorder: Recorder
  /** Moves the plugin's clock forward. */
  advance(seconds: number): void
}

const patience = 20_000

/** Waits, quietly, until the relying party has seen `count` answers to token requests. */
async function tokenRequests(recorder: Recorder, seen: Recorded[], count: number): Promise<void> {
  const until = Date.now() + patience
  const polled = () => seen.filter(({ url, method }) => method === 'POST' && url.pathname === '/op/token').length
  for (;;) {
    seen.push(...recorder.take())
    if (polled() >= count) return
    if (Date.now() > until) throw new Error(`the relying party did not ask ${count} times within ${patience / 1000} s`)
    await pause(50)
  }
}

/** The answer has reached the relying party: looks again until it has written it down. */
async function ended(customer: Customer, heading: string): Promise<Shown> {
  const until = Date.now() + patience
  for (;;) {
    const page = await customer.look()
    if (page.text.includes(`<h1>${heading}</h1>`) || Date.now() > until) return expectPage(page, heading)
    await pause(200)
  }
}

export const scenarios: Record<string, (cast: Cast) => Promise<void>> = {
  async 'Approval with fewer rights'({ customer, reviewer, recorder }) {
    const seen: Recorded[] = []
    await customer.ask()
    await tokenRequests(recorder, seen, 2)
    await reviewer.decide('progress', { step: 'Comparing the photo', position: '2', estimate: '5' })
    await tokenRequests(recorder, seen, 3)
    const waiting = await customer.look()
    check('the page shows the progress', () =>
      match(waiting.text, /Comparing the photo, number 2 in line, about 5 minutes left/),
    )
    await reviewer.decide('approve', { scope: ['profile', 'account', 'payments'] })
    const end = '200 access_token expires_in id_token scope token_type'
    await tokenRequests(recorder, seen, 4)
    const page = await ended(customer, 'Your account is open')
    checkConversation(seen, end)
    checkNotStored(seen)
    check('the customer got payments and no overdraft', () => {
      match(page.text, /<li class="granted">Send payments/)
      match(page.text, /<li class="withheld">An overdraft/)
    })
    check('the verified claims are there', () => match(page.text, /identity_verified/))
  },

  async Refusal({ customer, reviewer, recorder }) {
    const seen: Recorded[] = []
    await customer.ask()
    await tokenRequests(recorder, seen, 2)
    await reviewer.decide('deny', { description: 'The photo does not match' })
    await tokenRequests(recorder, seen, 3)
    const page = await ended(customer, 'We could not open an account')
    checkConversation(seen, '400 access_denied')
    checkNotStored(seen)
    check('the customer reads the reason', () => match(page.text, /The photo does not match/))
  },

  async Cancellation({ customer, recorder }) {
    const seen: Recorded[] = []
    const waiting = await customer.ask()
    await tokenRequests(recorder, seen, 2)
    expectPage(await customer.browser.submit(waiting, '/account/cancel'), 'You cancelled your request')
    seen.push(...recorder.take())
    checkConversation(seen, undefined)
    checkNotStored(seen)
    const cancellation = seen.find(({ url }) => url.pathname === '/op/deferred/cancel')
    check('the cancellation was answered 200 {}', () => ok(cancellation?.status === 200 && cancellation.text === '{}'))
  },

  async Expiry({ customer, recorder, advance }) {
    const seen: Recorded[] = []
    await customer.ask()
    await tokenRequests(recorder, seen, 2)
    console.log('\n  (a day goes by)')
    advance(24 * 60 * 60 + 1)
    await tokenRequests(recorder, seen, 3)
    await ended(customer, 'Your request has expired')
    checkConversation(seen, '400 expired_token')
    checkNotStored(seen)
  },
}
