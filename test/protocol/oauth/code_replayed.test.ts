import type { Adapter, Provider } from 'oidc-provider'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deferrals } from '../../support/authorization.js'
import { describeMongo, useDatabase } from '../../support/database.js'
import { authorizationCode, held, pollDeferral, redeem } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { distantAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { codeChallenge, codeVerifier, dpopKey, type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { resourceServers } from '../../support/resource_servers.js'

const opted = { completion_mode: 'deferred' }
const pkce = { code_challenge: codeChallenge, code_challenge_method: 'S256' }
const verifier = { code_verifier: codeVerifier }

/** An adapter that keeps no consumed code: the host takes a second use for an unknown code. */
function forgetful(): (name: string) => Adapter {
  const inner = memoryAdapter()
  return (name) => {
    const model = inner(name)
    return name === 'AuthorizationCode' ? { ...model, consume: (id) => model.destroy(id) } : model
  }
}

describe('C-I17 where the host does not know the code any more the deferral tells', () => {
  let op: TestProvider
  const { store, calls, failNext } = observedStore()
  const status = async (id: string) => (await op.provider.deferrals.get(id))?.status

  beforeAll(async () => {
    op = await startProvider({ configuration: { adapter: forgetful() }, deferred: { store, defer: () => true } })
  })
  afterAll(() => op.close())

  async function heldCode(rp: RelyingParty, request: Record<string, string> = pkce) {
    const params = request.code_challenge ? verifier : {}
    return (await held(op, rp, 'authorization_code', { request, params })) as { id: string; code: string } & Awaited<
      ReturnType<typeof held>
    >
  }

  test.each(['secret', 'assertion', 'public'])('a second use ends it (%s client)', async (clientId) => {
    const rp = relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
    const { code, id, deferralCode } = await heldCode(rp)
    await op.provider.deferrals.approve(id)
    expect((await redeem(rp, code, verifier)).body.error).toBe('invalid_grant')
    expect(await status(id)).toBe('cancelled')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })

  test('with a key of one’s own it is a second use as well', async () => {
    const rp = relyingParty(op.issuer, 'public', await dpopKey())
    const { code, id } = await heldCode(rp)
    await redeem(rp, code, verifier, { dpop: await dpopKey() })
    expect(await status(id)).toBe('cancelled')
  })

  test('after redemption it revokes the tokens', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id, deferralCode } = await heldCode(rp)
    await op.provider.deferrals.approve(id)
    const { body: tokens } = await pollDeferral(rp, deferralCode)
    expect((await redeem(rp, code, verifier)).body.error).toBe('invalid_grant')
    expect(await op.provider.AccessToken.find(tokens.access_token)).toBeUndefined()
  })

  test('the signal is not lost with a fault of the store: it is given again', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id, deferralCode } = await heldCode(rp)
    for (const call of ['find', 'swap cancelled', 'swap cancelled']) failNext(call)
    for (const attempt of ['find', 'swap']) {
      expect([attempt, (await redeem(rp, code, { ...verifier, ...opted })).status]).toEqual([attempt, 500])
    }
    expect((await redeem(rp, code, { ...verifier, ...opted })).body.error).toBe('invalid_grant')
    expect(await status(id)).toBe('cancelled')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })

  const attempts: Record<string, (rp: RelyingParty, code: string) => Promise<unknown>> = {
    'by another client': (_rp, code) => redeem(relyingParty(op.issuer, 'other'), code, verifier),
    'with a wrong verifier': (rp, code) => redeem(rp, code, { code_verifier: `${codeVerifier}x` }),
    'with the challenge for a verifier': (rp, code) => redeem(rp, code, { code_verifier: codeChallenge }),
    'without a verifier': (rp, code) => redeem(rp, code),
    'with a wrong redirect_uri': (rp, code) => redeem(rp, code, { ...verifier, redirect_uri: 'https://rp.example/x' }),
    'with a broken proof': (rp, code) => redeem(rp, code, verifier, { headers: { dpop: 'broken' } }),
  }

  test.each(Object.keys(attempts))('a request %s ends nothing', async (name) => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await heldCode(rp)
    await attempts[name]!(rp, code)
    expect(await status(id)).toBe('pending')
  })

  test('a public client that shows nothing but the code ends nothing', async () => {
    const rp = relyingParty(op.issuer, 'public', await dpopKey())
    const none = { code_challenge: undefined, code_challenge_method: undefined }
    const params = { code_verifier: undefined }
    const { code, id } = await held(op, rp, 'authorization_code', { request: none, params })
    await redeem(rp, code as string, params)
    expect(await status(id)).toBe('pending')
  })

  test('a verifier without a challenge ends no deferral', async () => {
    const rp = relyingParty(op.issuer)
    const { code, id } = await heldCode(rp, {})
    await redeem(rp, code, verifier)
    expect(await status(id)).toBe('pending')
    await redeem(rp, code)
    expect(await status(id)).toBe('cancelled')
  })

  test('a code that was bound to a key is ended by that key only', async () => {
    const key = await dpopKey()
    const rp = relyingParty(op.issuer, 'public', key)
    const { code, id } = await heldCode(rp, { ...pkce, dpop_jkt: key.jkt })
    for (const dpop of [undefined, await dpopKey()]) await redeem(rp, code, verifier, { dpop })
    expect(await status(id)).toBe('pending')
    await redeem(rp, code, verifier)
    expect(await status(id)).toBe('cancelled')
  })

  test('an unknown code costs a client that can poll one read, and any other client none', async () => {
    for (const [clientId, reads] of Object.entries({ secret: ['find'], plain: [] })) {
      calls.length = 0
      await redeem(relyingParty(op.issuer, clientId), 'unknown')
      expect([clientId, calls]).toEqual([clientId, reads])
    }
  })
})

describe('what else is revoked meanwhile', () => {
  const revoke = async (provider: Provider) => {
    for (const model of ['AccessToken', 'RefreshToken', 'AuthorizationCode'] as const) {
      await provider[model].revokeByGrantId('a Grant of last week')
    }
  }

  test('C-I17 by the integrator, in any callback, cancels no deferral at its birth', async () => {
    let op: TestProvider | undefined
    const revoked: string[] = []
    const revokeFrom = async (callback: string) => {
      revoked.push(callback)
      if (op) await revoke(op.provider)
    }
    op = await startProvider({
      configuration: {
        findAccount: async (_ctx, sub) => {
          await revokeFrom('findAccount')
          return { accountId: sub, claims: () => ({ sub }) }
        },
        features: {
          resourceIndicators: {
            ...resourceServers,
            getResourceServerInfo: async (ctx, resource) => {
              await revokeFrom('getResourceServerInfo')
              return resourceServers.getResourceServerInfo(ctx, resource)
            },
          },
        },
      },
      deferred: {
        defer: async () => {
          await revokeFrom('defer')
          return true
        },
      },
    })
    const rp = relyingParty(op.issuer)
    const request = { resource: 'https://opaque.example/api', scope: 'openid read' }
    const params = { resource: 'https://opaque.example/api' }
    const { id, deferralCode } = await held(op, rp, 'authorization_code', { request, params })
    expect([...new Set(revoked)].sort()).toEqual(['defer', 'findAccount', 'getResourceServerInfo'])
    await op.provider.deferrals.approve(id)
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
    await op.close()
  })
})

test('C-I17 a code that led to tokens at once and is used again leaves nothing for reviewers', async () => {
  await withProvider({ deferred: { defer: () => false } }, async (op) => {
    const rp = relyingParty(op.issuer)
    const code = await authorizationCode(rp)
    expect((await redeem(rp, code, opted)).status).toBe(200)
    for (let n = 0; n < 2; n++) expect((await redeem(rp, code, opted)).body.error).toBe('invalid_grant')
    expect(await deferrals(op)).toEqual([])
  })
})

/** Sends one code several times at once, and approves whatever can be approved: no handle yields tokens. */
async function rounds(count: number, adapter: (name: string) => Adapter, store?: DeferralStore) {
  let id: string | undefined
  const defer = (_ctx: unknown, request: { id: string }) => {
    id = request.id
    return true
  }
  await withProvider({ configuration: { adapter }, deferred: { ...(store && { store }), defer } }, async (op) => {
    const rp = relyingParty(op.issuer)
    for (let round = 0; round < count; round++) {
      const code = await authorizationCode(rp)
      const answers = await Promise.all(Array.from({ length: 2 + 3 * (round % 3) }, () => redeem(rp, code, opted)))
      expect((await op.provider.deferrals.get(id as string))?.status).toBe('cancelled')
      expect(answers.filter(({ status }) => status === 200)).toEqual([])
      for (const { body } of answers.filter((answer) => answer.body.deferral_code)) {
        expect((await pollDeferral(rp, body.deferral_code)).body.error).toBe('access_denied')
      }
    }
  })
}

const lenient = (inner: (name: string) => Adapter) => (name: string) =>
  name === 'AuthorizationCode' ? { ...inner(name), consume: async () => undefined } : inner(name)

const adapters: Record<string, () => (name: string) => Adapter> = {
  'an adapter in memory': memoryAdapter,
  'an adapter as far away as a real one': distantAdapter,
  'one that lets a code pass several times': () => distantAdapter(lenient(memoryAdapter())),
  'one that marks and never refuses': () => distantAdapter(marking(memoryAdapter())),
}

/** As the adapters that the host ships. */
function marking(inner: (name: string) => Adapter) {
  return (name: string): Adapter => {
    const model = inner(name)
    const consume = (id: string) => model.consume(id).catch(() => undefined)
    return name === 'AuthorizationCode' ? { ...model, consume } : model
  }
}

test.each(Object.keys(adapters))('C-I17 one code several times at once ends its deferral, with %s', async (name) => {
  await rounds(6, adapters[name]!())
})

describeMongo('with mongoAdapter and mongoStore', () => {
  const database = useDatabase()

  test('C-I17 one code several times at once ends its deferral', async () => {
    const { db } = database
    await rounds(9, mongoAdapter(db), mongoStore(db))
  })
})
