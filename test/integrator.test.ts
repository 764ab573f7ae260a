import { type Configuration, errors, interactionPolicy } from 'oidc-provider'
import { configure, memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { authorize, clientOf, push, requestParams } from './support/authorization.js'
import { startProvider } from './support/provider.js'
import { userAgent } from './support/user_agent.js'

describe('interactions.policy', () => {
  const policyOf = (policy: unknown) =>
    configure({ interactions: { policy } } as Configuration, { store: memoryStore() }).interactions!
      .policy as interactionPolicy.DefaultPolicy

  test('stays of its class, with its methods', () => {
    const theirs = interactionPolicy.base()
    const policy = policyOf(theirs)
    expect(policy.constructor).toBe(theirs.constructor)
    expect(policy).not.toBe(theirs)
    expect(policy.get('login')).toBe(theirs.get('login'))
    policy.remove('consent')
    expect(theirs.map(({ name }) => name)).toEqual(['login', 'consent'])
  })

  test('stays of a class of the integrator’s', () => {
    class Policy extends Array<interactionPolicy.Prompt> {
      names() {
        return this.map(({ name }) => name)
      }
    }
    const policy = policyOf(Policy.from(interactionPolicy.base())) as unknown as Policy
    expect(policy).toBeInstanceOf(Policy)
    expect(policy.names().slice(0, 2)).toEqual(['login', 'consent'])
  })

  test('may be a plain array, and keep methods of its own', () => {
    const theirs = Object.assign([...interactionPolicy.base()], { first: () => 'login' })
    const policy = policyOf(theirs) as unknown as typeof theirs
    expect(Array.isArray(policy)).toBe(true)
    expect(policy.first()).toBe('login')
    expect(policy).toHaveLength(3)
  })
})

describe('extraParams', () => {
  const types: unknown[] = []
  const validators = {
    branch: null,
    async response_type(_ctx: unknown, value: unknown, { clientId }: { clientId: string }) {
      types.push([value, clientId])
      if (value === 'code deferred_code') throw new errors.InvalidRequest('not today')
    },
  }

  test.each([
    ['an array', ['branch']],
    ['a Set', new Set(['branch'])],
    ['an object', { branch: null }],
    ['an object of validators', { branch: () => undefined }],
  ])('O-013 may be %s', async (_, extraParams) => {
    const seen: unknown[] = []
    const op = await startProvider({
      configuration: { extraParams: extraParams as never },
      deferred: { defer: (_ctx, { params }) => seen.push(params.branch) > 0 },
    })
    await authorize(op, await clientOf(op, 'secret'), { branch: 'Utrecht', color: 'green' })
    expect(seen).toEqual(['Utrecht'])
    await op.close()
  })

  test('O-013 O-014 a response_type validator of the integrator’s sees what the client sent, and may refuse it', async () => {
    const features = { pushedAuthorizationRequests: { enabled: true } }
    const op = await startProvider({ configuration: { extraParams: validators as never, features } })
    const rp = await clientOf(op, 'secret')
    expect((await authorize(op, rp)).params.deferred_code).toBeDefined()
    const { params } = await authorize(op, rp, { response_type: 'deferred_code code' })
    expect(params).toMatchObject({ error: 'invalid_request', error_description: 'not today', state: 'a state' })
    expect(await rp.post('/request', requestParams(rp, { response_type: 'code deferred_code' }))).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: 'not today' },
    })
    expect(types).toEqual([
      ['deferred_code', 'secret'],
      ['code deferred_code', 'secret'],
      ['code deferred_code', 'secret'],
    ])
    expect((await userAgent().visit(await push(rp))).params.deferred_code).toBeDefined()
    await op.close()
  })
})
