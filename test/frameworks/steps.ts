import type { RequestListener } from 'node:http'
import type { Provider } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verified } from '../support/authorization.js'
import { grants, held, pollDeferral, revoke } from '../support/deferral.js'
import { clientTypes, party, waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { clientAssertion } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

/** One way to mount the provider below /oidc. */
export interface Mount {
  by: (provider: Provider) => RequestListener | Promise<RequestListener>
  /** where the whole application is mounted, if it is */
  below?: string
  /** a body parser runs before the provider */
  parses?: boolean
}

/** Runs both profiles over HTTP, once for each way to mount the provider. */
export function testMounts(mounts: Record<string, Mount>): void {
  describe.each(Object.entries(mounts))('%s:', (_name, mount) => {
    const at: Mounted = {} as Mounted
    beforeAll(async () => {
      Object.assign(at, await startMounted(mount))
    })
    afterAll(() => at.op.close())

    testDiscovery(at)
    testOpenid(at, mount)
    testCancellation(at)
    testOauth(at)
  })
}

interface Mounted {
  op: TestProvider
  /** whether the body of each request to the provider was still to be read */
  unread: boolean[]
}

async function startMounted({ by, below = '' }: Mount): Promise<Mounted> {
  const unread: boolean[] = []
  const op = await startProvider({
    configuration: { interactions: { url: (_ctx, { uid }) => `${below}/sign-in/${uid}` } },
    deferred: { defer: (_ctx, { canWait }) => canWait },
    mounted: {
      path: `${below}/oidc`,
      by: (provider) => {
        provider.use((ctx, next) => {
          unread.push(ctx.req.readable)
          return next()
        })
        const listener = Promise.resolve(by(provider))
        return async (req, res) => (await listener)(req, res)
      },
    },
  })
  return { op, unread }
}

function testDiscovery(at: Mounted): void {
  test('discovery has the URLs below the mount, and nothing answers beside it', async () => {
    const { issuer, origin } = at.op
    const response = await fetch(`${issuer}/.well-known/openid-configuration`)
    const metadata = (await response.json()) as Record<string, string>
    expect(metadata).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      revocation_endpoint: `${issuer}/token/revocation`,
      deferred_authentication_cancellation_endpoint: `${issuer}/deferred/cancel`,
    })
    for (const path of ['/token', '/deferred/cancel'])
      expect((await fetch(origin + path, { method: 'POST' })).status).toBe(404)
    expect((await fetch(`${issuer}/deferred/cancel`)).status).toBe(404)
  })
}

function testOpenid(at: Mounted, { parses = false }: Mount): void {
  test.each(clientTypes)('openid profile, %s client: request, exchange, poll, approval, tokens', async (clientId) => {
    const { op, unread } = at
    const rp = await party(op, clientId)
    const { params } = await userAgent().visit(rp.authorizationUrl())
    expect(params).toMatchObject({ deferred_code: expect.any(String), iss: op.issuer })
    const exchanged = await rp.exchange(params.deferred_code as string)
    expect(exchanged.status).toBe(200)
    expect(unread.at(-1)).toBe(!parses)
    const handle = exchanged.body.deferred_auth_id
    const pending = await rp.poll(handle)
    expect(pending).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    expect(pending.headers.get('retry-after')).toBe('5')
    const [deferral] = (await op.provider.deferrals.list({ clientId, limit: 1 })).deferrals
    await op.provider.deferrals.approve(deferral!.id)
    const tokens = await rp.poll(handle)
    expect(tokens.status).toBe(200)
    expect(await verified(op, tokens.body.id_token, clientId)).toMatchObject({ sub: 'alice' })
  })
}

function testCancellation(at: Mounted): void {
  const bodies = clientTypes.flatMap((client) => [[client, 'form'] as const, [client, 'JSON'] as const])

  test.each(bodies)('the %s client cancels with a %s body', async (clientId, kind) => {
    const { op } = at
    const rp = await party(op, clientId)
    const { handle, id } = await waiting(op, rp)
    expect(await rp.cancel(handle, {}, { json: kind === 'JSON' })).toMatchObject({ status: 200, body: {} })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
    expect((await rp.poll(handle)).body.error).toBe('access_denied')
  })

  test('a proof for the path without the mount is refused', async () => {
    const { op } = at
    const rp = await party(op, 'public')
    const { handle, id } = await waiting(op, rp)
    const dpop = { ...rp.key!, proof: () => rp.key!.proof(`${op.origin}/deferred/cancel`) }
    expect(await rp.cancel(handle, {}, { dpop })).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
  })

  test('a client assertion for an endpoint has its URL below the mount', async () => {
    const { op } = at
    const rp = await party(op, 'assertion')
    const cancelAs = async (aud: string) =>
      (await rp.cancel('unknown', { client_assertion: await clientAssertion(op.issuer, { aud }) })).status
    for (const path of ['/deferred/cancel', '/token']) {
      expect(await cancelAs(op.issuer + path)).toBe(200)
      expect(await cancelAs(op.origin + path)).toBe(401)
    }
  })

  test('a preflight is answered as at the token endpoint', async () => {
    const { issuer } = at.op
    const headers = { origin: 'https://spa.example', 'access-control-request-method': 'POST' }
    const answers = ['/deferred/cancel', '/token'].map(async (path) => {
      const response = await fetch(issuer + path, { method: 'OPTIONS', headers })
      return [response.status, response.headers.get('access-control-allow-methods')]
    })
    expect(await Promise.all(answers)).toEqual([
      [204, 'POST'],
      [204, 'POST'],
    ])
  })
}

function testOauth(at: Mounted): void {
  test.each(grants)('oauth profile, %s: token request, poll, approval, tokens', async (grant) => {
    const { op } = at
    const rp = await party(op, 'secret')
    const { deferralCode, id } = await held(op, rp, grant)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({
      status: 400,
      body: { error: 'authorization_pending' },
    })
    await op.provider.deferrals.approve(id)
    const tokens = await pollDeferral(rp, deferralCode)
    expect(tokens).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
  })

  test('oauth profile: the client revokes its deferral code', async () => {
    const { op } = at
    const rp = await party(op, 'secret')
    const { deferralCode, id } = await held(op, rp, 'client_credentials')
    expect((await revoke(rp, deferralCode)).status).toBe(200)
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('access_denied')
  })
}
