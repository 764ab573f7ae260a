import type { JsonObject } from 'oidc-provider-deferred'
import { sanitise } from '../../lib/deferral/error_description.js'
import { beyond } from '../../lib/deferral/json.js'
import { beyondDetails, type Narrowing } from '../../lib/deferral/narrow.js'

/** As many small entries as the host's limit for bodies lets through. */
const mostEntries = 1_800
const mostRuled = 256
const mostScopes = 9_000

const payments = (count: number, amount = (nth: number) => nth): JsonObject[] =>
  Array.from({ length: count }, (_, nth) => ({ type: 'payment', amount: amount(nth) }))
const scopes = Array.from({ length: mostScopes }, (_, nth) => `s${nth}`)
// grants nothing, so that every pair is tried
const refusing: Narrowing = { payment: () => false }
const fresh = payments(mostRuled, (nth) => -1 - nth)

/** The worst that one request or decision may ask for, by what is done with it. */
const worst: Record<string, () => unknown> = {
  [`${mostEntries} equal details`]: () =>
    beyondDetails(
      payments(mostEntries, () => 1),
      payments(mostEntries, () => 1),
      {},
    ),
  [`${mostEntries} details in reverse order`]: () =>
    beyondDetails(payments(mostEntries), payments(mostEntries).reverse(), {}),
  [`${mostRuled} details, a rule asked about every pair`]: () => beyondDetails(fresh, payments(mostRuled), refusing),
  [`${mostScopes} scopes in reverse order`]: () => beyond(scopes, [...scopes].reverse()),
  'a description of 1,000 characters': () => sanitise('\u201c'.repeat(1000)),
}

/** Prints the milliseconds of an event loop that each takes, the slowest of 20 runs. */
export function costs(): void {
  console.log('\nworst case of one request'.padEnd(52), 'ms')
  for (const [name, work] of Object.entries(worst)) {
    work()
    const runs = Array.from({ length: 20 }, () => timed(work))
    console.log(name.padEnd(51), Math.max(...runs).toFixed(1))
  }
}

function timed(work: () => unknown): number {
  const begun = performance.now()
  work()
  return performance.now() - begun
}
