import { errors } from 'oidc-provider'
import { type DeferralStore, type DeferredTokenResponseOptions, memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorize } from '../support/authorization.js'
import { notifiedClient } from '../support/clients.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { authorizationCode, redeem } from '../support/deferral.js'
import { basic, send } from '../support/journey.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { type TestProvider, withProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'
import { setupOn } from './deployment.js'

const atOnce = 12
const limit = 3
const profiles = ['openid', 'oauth'] as const
type Profile = (typeof profiles)[number]

const times = <T>(count: number, make: (nth: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, nth) => make(nth)))

/** A store as far away as a database. */
function distant(inner: DeferralStore): DeferralStore {
  const distance = () => new Promise<void>((resolve) => setTimeout(resolve, 5))
  const far =
    <Args extends unknown[], Result>(operation: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      await distance()
      const result = await operation(...args)
      await distance()
      return result
    }
  return { ...inner, insert: far(inner.insert), count: far(inner.count), list: far(inner.list) }
}

/** Many requests of one end-user at once; resolves to the number of those that wait. */
async function created(op: TestProvider, profile: Profile): Promise<number> {
  const rp = relyingParty(op.issuer)
  if (profile === 'openid') {
    const landings = await times(atOnce, () => authorize(op, rp))
    return landings.filter(({ params }) => params.deferred_code).length
  }
  const codes = await times(atOnce, () => authorizationCode(rp))
  const answers = await Promise.all(codes.map((code) => redeem(rp, code, { completion_mode: 'deferred' })))
  return answers.filter(({ body }) => body.deferral_code).length
}

describe.each(profiles)('%s profile, many requests of one end-user at once on one node', (profile) => {
  test('a count without a line, as an integrator would write it in defer, lets more through', async () => {
    let provider: TestProvider['provider'] | undefined
    const counting: DeferredTokenResponseOptions['defer'] = async (_ctx, { account, canWait }) => {
      if (!canWait) return false
      const { accountId } = account!
      const { deferrals = [] } = (await provider?.deferrals.list({ status: 'pending', accountId })) ?? {}
      if (deferrals.length >= limit) throw new errors.AccessDenied('too many')
      return true
    }
    await withProvider({ deferred: { store: distant(memoryStore()), defer: counting } }, async (op) => {
      provider = op.provider
      expect(await created(op, profile)).toBeGreaterThan(limit)
    })
  })

  test('no more than the cap wait', async () => {
    const maxPending = { perAccount: limit }
    const defer: DeferredTokenResponseOptions['defer'] = (_ctx, { canWait }) => canWait
    await withProvider({ deferred: { store: distant(memoryStore()), maxPending, defer } }, async (op) => {
      expect(await created(op, profile)).toBe(limit)
    })
  })
})

describeMongo('many requests at once on three processes', () => {
  const database = useDatabase()
  const rounds = 12

  test('no more than the cap and one for each other node wait', async () => {
    const names = Array.from({ length: rounds }, (_, nth) => `client-${nth}`)
    const clients = names.map((name) => ({
      ...notifiedClient(name, name, ''),
      token_endpoint_auth_method: 'client_secret_basic' as const,
      deferred_client_notification_endpoint: undefined,
    }))
    const setup = { ...setupOn(database), clients, deferred: { maxPending: { perClient: limit } } }
    const nodes = await times(3, () => startNode(setup))
    try {
      const beyond: number[] = []
      for (const name of names) {
        const waiting = (await Promise.all(nodes.map((node) => createdAt(node, name)))).flat().filter(Boolean).length
        expect(waiting).toBeGreaterThanOrEqual(limit)
        expect(waiting).toBeLessThanOrEqual(limit + nodes.length - 1)
        beyond.push(waiting - limit)
      }
      process.stderr.write(`beyond a cap of ${limit}, three nodes, ${rounds} rounds: ${beyond.join(' ')}\n`)
    } finally {
      await Promise.all(nodes.map((node) => node.stop()))
    }
  })
})

/** Many requests of this client at once on this node: for each whether it waits. */
function createdAt({ origin }: ProviderNode, name: string): Promise<boolean[]> {
  const request = { grant_type: 'client_credentials', completion_mode: 'deferred' }
  return times(atOnce, async () => {
    const { body } = await send(`${origin}/token`, request, basic(name, name))
    if (!body.deferral_code && body.error !== 'access_denied') throw new Error(JSON.stringify(body))
    return Boolean(body.deferral_code)
  })
}
