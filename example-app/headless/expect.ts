import { deepStrictEqual, match, ok } from 'node:assert/strict'
import type { Shown } from './browser.js'
import type { Recorded } from './recorder.js'

/** Runs a check and prints its name. */
export function check(what: string, holds: () => void): void {
  holds()
  console.log(`  ok  ${what}`)
}

/** Checks the heading of a page. */
export function expectPage(page: Shown, heading: string): Shown {
  ok(
    page.text.includes(`<h1>${heading}</h1>`),
    `${page.url} should say "${heading}", status ${page.status}:\n${page.text}`,
  )
  return page
}

/** The answers to the token requests: status, and the error or the names of the members. */
function tokenAnswers(exchanges: readonly Recorded[]): string[] {
  const answers = exchanges.filter(({ url, method }) => method === 'POST' && url.pathname === '/op/token')
  return answers.map(({ status, text }) => {
    const body: Record<string, unknown> = JSON.parse(text)
    return `${status} ${body.error ?? Object.keys(body).sort().join(' ')}`
  })
}

export const pending = '400 authorization_pending'

/** Checks the answers of the token endpoint, in order. Repeated answers count once: their number depends on time. */
export function checkConversation(exchanges: readonly Recorded[], expected: readonly string[]): void {
  const answers = tokenAnswers(exchanges)
  check(`the token endpoint answered ${expected.join(', then ')} (${answers.length} answers)`, () => {
    deepStrictEqual(
      answers.filter((answer, index) => answer !== answers[index - 1]),
      expected,
    )
  })
}

/** Checks that every answer of the back channel forbids caches to store it. */
export function checkNotStored(exchanges: readonly Recorded[]): void {
  const answers = exchanges.filter(({ method, url }) => method === 'POST' && url.pathname.startsWith('/op/'))
  check('every answer has no-store', () => {
    for (const { headers } of answers) match(headers.get('Cache-Control') ?? '', /no-store/)
  })
}
