import type { KoaContextWithOIDC } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { authorizationCode, redeem, whoeverCan } from '../../support/deferral.js'
import { approved, deferred } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let whileValidating: (ctx: KoaContextWithOIDC) => Promise<unknown>
let whileMinting: (ctx: KoaContextWithOIDC) => Promise<unknown>

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      findAccount: (ctx, accountId) =>
        whileValidating(ctx).then(() => ({ accountId, claims: () => ({ sub: accountId }) })),
      extraTokenClaims: (ctx) => whileMinting(ctx).then(() => ({ seen: true })),
    },
    deferred: { defer: whoeverCan },
  })
})
afterAll(() => op.close())
beforeEach(() => {
  vi.restoreAllMocks()
  whileValidating = whileMinting = async () => undefined
})

/** Sends a request whose client hangs up when this is called, and resolves when the provider has noticed. */
function impatient(send: () => Promise<unknown>): {
  hangUp(ctx: KoaContextWithOIDC): Promise<void>
  sent: Promise<unknown>
} {
  const connection = new AbortController()
  const { fetch } = globalThis
  vi.spyOn(globalThis, 'fetch').mockImplementationOnce((url, init) =>
    fetch(url, { ...init, signal: connection.signal }),
  )
  return {
    sent: send().catch(String),
    async hangUp({ req }) {
      const closed = new Promise<void>((resolve) => req.socket.once('close', () => resolve()))
      connection.abort()
      await closed
    },
  }
}

const handled = () => new Promise((resolve) => op.provider.once('grant.error', resolve).once('grant.success', resolve))

test('C18 an exchange whose client has hung up leaves the deferred code unused: the next one is no second use', async () => {
  const rp = relyingParty(op.issuer)
  const { code, id } = await deferred(op, rp)
  whileValidating = async (ctx) => {
    whileValidating = async () => undefined
    await hangUp(ctx)
  }
  const isHandled = handled()
  const { hangUp, sent } = impatient(() => rp.exchange(code))
  expect(await sent).toContain('aborted')
  await isHandled
  expect(await rp.exchange(code)).toMatchObject({ status: 200, body: { deferred_auth_id: expect.any(String) } })
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending' })
})

test('a token request whose client has hung up is not deferred, because no client has the code to poll with', async () => {
  const rp = relyingParty(op.issuer)
  const code = await authorizationCode(rp)
  const created = vi.fn()
  op.provider.on('deferral.created', created)
  whileValidating = async (ctx) => {
    whileValidating = async () => undefined
    await hangUp(ctx)
  }
  const isHandled = handled()
  const { hangUp, sent } = impatient(() => redeem(rp, code, { completion_mode: 'deferred' }))
  expect(await sent).toContain('aborted')
  await isHandled
  op.provider.off('deferral.created', created)
  expect(created).not.toHaveBeenCalled()
})

test('I2 a callback that never ends takes no approval away: once its client has hung up, the next poll mints', async () => {
  const rp = relyingParty(op.issuer)
  const { handle } = await approved(op, rp)
  const abandoned = new Promise<void>((resolve) => {
    whileMinting = async (ctx) => {
      whileMinting = async () => undefined
      expect((await rp.poll(handle)).body.error).toBe('authorization_pending')
      await hangUp(ctx)
      resolve()
      await new Promise(() => undefined)
    }
  })
  const { hangUp, sent } = impatient(() => rp.poll(handle))
  expect(await sent).toContain('aborted')
  await abandoned
  expect(await rp.poll(handle)).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
})
