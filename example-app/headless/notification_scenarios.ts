import { deepStrictEqual, match, ok } from 'node:assert/strict'
import type { Shown } from './browser.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, pending } from './expect.js'
import { pageAtEnd, until } from './waiting.js'

const exchanged = '200 deferred_auth_id expires_in interval'
const tokens = '200 access_token expires_in id_token scope token_type'

/** Waits until the desk shows this. The provider stores an answer a moment after it arrives. */
async function deskSays({ reviewer }: Cast, url: URL, words: RegExp): Promise<Shown> {
  return until(async () => {
    const page = await reviewer.look(url)
    return words.test(page.text) ? page : undefined
  })
}

/** How clients learn of a decision at once. The interval is a minute, so an earlier poll follows a notification. */
export const notificationScenarios: Scenarios = {
  async 'A notification brings the answer'(cast) {
    const { customerNamed, reviewer, recorder, receiver } = cast
    const customer = customerNamed('alex')
    await customer.ask()
    const url = (await reviewer.approve()).url
    const decided = Date.now()
    await pageAtEnd(customer, 'Your account is open')
    const waited = (Date.now() - decided) / 1000
    check(`the account was open ${waited.toFixed(1)} s after the approval, not at the next poll`, () => ok(waited < 10))
    checkConversation(recorder.take(), [exchanged, pending, tokens])
    check('the bank answered one notification', () => deepStrictEqual(receiver.answers, [204]))
    const page = await deskSays(cast, url, /Delivered/)
    check('the desk shows the answer', () => match(page.text, /<dt>Answer<\/dt><dd>204/))
  },

  async 'The bank is out of order, and a reviewer sends the notification again'(cast) {
    const { customerNamed, reviewer, recorder, receiver } = cast
    const customer = customerNamed('mina')
    await customer.ask()
    receiver.fail(2)
    const url = (await reviewer.approve()).url
    console.log('\n  (the bank answers 503; the provider tries again after about 5 seconds)')
    await until(() => receiver.answers[1])
    const page = await deskSays(cast, url, /\/replay"/)
    console.log('\n  (the next attempt is half a minute away; the reviewer does not wait for it)')
    check('the desk shows two attempts, their answer and the time of the next attempt', () => {
      match(
        page.text,
        /Attempts<\/dt><dd>2[\s\S]*Answer<\/dt><dd>503[\s\S]*the endpoint answered 503[\s\S]*Next attempt/,
      )
    })
    await reviewer.press(page, 'replay')
    await pageAtEnd(customer, 'Your account is open')
    check('the bank answered 503, 503 and 204', () => deepStrictEqual(receiver.answers, [503, 503, 204]))
    checkConversation(recorder.take(), [exchanged, pending, tokens])
    const after = await deskSays(cast, url, /Delivered/)
    check('the history names the reviewer who sent it again', () =>
      match(after.text, /Notification sent again<\/strong> by <bdi>Robin Hale/),
    )
  },
}
