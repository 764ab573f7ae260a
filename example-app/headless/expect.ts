import { deepStrictEqual, match, ok } from 'node:assert/strict'
import type { Shown } from './browser.js'
import type { Recorded } from './recorder.js'

/** A check that says what it checked. */
export function check(what: string, holds: () => void): void {
  holds()
  console.log(`  ok  ${what}`)
}

/** A page has this heading. */
export function expectPage(page: Shown, heading: string): Shown {
  ok(
    page.text.includes(`<h1>${heading}</h1>`),
    `${page.url} should say "${heading}", status ${page.status}:\n${page.text}`,
  )
  return page
}

/** The relying party's token requests, each as the words that matter in the answer. */
function tokenAnswers(exchanges: readonly Recorded[]): string[] {
  const answers = exchanges.filter(({ url, method }) => method === 'POST' && url.pathname === '/op/token')
  return answers.map(({ status, text }) => {
    const body: Record<string, unknown> = JSON.parse(text)
    return `${status} ${body.error ?? Object.keys(body).sort().join(' ')}`
  })
}

/** The exchange came first, then any number of pending polls, then the end. */
export function checkConversation(exchanges: readonly Recorded[], end: string | undefined): void {
  const [first, ...polls] = tokenAnswers(exchanges)
  check('the deferred code was exchanged for a handle, a lifetime and an interval', () => {
    deepStrictEqual(first, '200 deferred_auth_id expires_in interval')
  })
  const pending = end === undefined ? polls : polls.slice(0, -1)
  check(`every poll before the end was answered authorization_pending (${pending.length})`, () => {
    ok(
      pending.every((answer) => answer === '400 authorization_pending'),
      pending.join(', '),
    )
  })
  if (end !== undefined) check(`the last poll was answered ${end}`, () => deepStrictEqual(polls.at(-1), end))
}

/** No answer of the back channel may be kept by anybody on the way. */
export function checkNotStored(exchanges: readonly Recorded[]): void {
  const answers = exchanges.filter(({ method, url }) => method === 'POST' && url.pathname.startsWith('/op/'))
  check('every answer said no-store', () => {
    for (const { headers } of answers) match(headers.get('Cache-Control') ?? '', /no-store/)
  })
}
