import * as fc from 'fast-check'
import type { DeferralStore } from 'oidc-provider-deferred'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { both, type Outcome } from './equivalence/journey.js'
import { providerFor } from './equivalence/provider.js'
import { everyGrant, type Situation, situationsOf } from './equivalence/situation.js'
import { examplesOf, mistakes, tamperingStore } from './equivalence/tampering.js'

/** Set `EQUIVALENCE_SEED` to what a failure printed. */
const seed = Number(process.env.EQUIVALENCE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env.EQUIVALENCE_RUNS ?? 20)

const start = new Date()

// dates alone, so that the two answers are a day apart without a day's wait
beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

async function outcomeOf(situation: Situation, store?: DeferralStore): Promise<Outcome> {
  vi.setSystemTime(start)
  const op = await providerFor(situation, store)
  try {
    return await both(op, situation)
  } finally {
    await op.close()
  }
}

/** What some situation has to show, or the property would say little; the examples show all of it. */
const every = ['none', 'dpop', 'certificate', 'secret', 'assertion', 'accessToken', 'jwt', 'introspection']
const aspects = {
  authorization_code: [...every, 'refused', 'public', 'userinfo', 'idToken', 'refreshToken', 'refreshed'],
  client_credentials: every,
  [everyGrant[2]]: [...every, 'public', 'userinfo', 'idToken', 'refreshToken', 'refreshed'],
}

/** Tokens of a request that announced it can wait do not end with the session; those of one answered at once may. */
function comparable(observed: Outcome['atOnce'], { authorization }: Situation): unknown {
  if (!authorization.announced) return observed
  return JSON.parse(JSON.stringify(observed, (name, value) => (name === 'expiresWithSession' ? undefined : value)))
}

describe.each(everyGrant)('%s', (grant) => {
  test('I-063 C-I14 deferred and approved, a request is answered as it is at once', async () => {
    // there is most to vary in a code
    const examples = examplesOf(grant)
    const numRuns = examples.length + (grant === 'authorization_code' ? 2 * runs : runs)
    const met = new Set<string>()
    let granted = 0
    const property = fc.asyncProperty(situationsOf(grant), async (situation) => {
      const { atOnce, deferred, created } = await outcomeOf(situation)
      expect(comparable(deferred, situation)).toEqual(comparable(atOnce, situation))
      const isGranted = atOnce.status === 200
      expect(created).toBe(isGranted ? 1 : 0)
      granted += Number(isGranted)
      const shown = isGranted ? [...Object.keys(atOnce), situation.proof, situation.clientId] : ['refused']
      if ((atOnce.accessToken as { claims?: object } | undefined)?.claims) shown.push('jwt')
      for (const aspect of shown) met.add(aspect)
    })
    await fc.assert(property, { seed, numRuns, examples: examples.map((one) => [one]) })
    expect(granted).toBeGreaterThan(numRuns / 2)
    expect([...met]).toEqual(expect.arrayContaining(aspects[grant]))
  })
})

describe('a plugin that loses or changes what was asked for is noticed', () => {
  test.each(mistakes)('C-I14 %s', async (_name, situation, tamper) => {
    const { deferred, atOnce } = await outcomeOf(situation, tamperingStore(tamper))
    expect(atOnce.status).toBe(200)
    expect(comparable(deferred, situation)).not.toEqual(comparable(atOnce, situation))
  })
})
