import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider, withProvider } from '../../support/provider.js'
import { clientAssertion, type DpopKey, dpopKey, relyingParty } from '../../support/relying_party.js'

const issuer = 'https://op.example'
const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'op.example' }

let op: TestProvider
let key: DpopKey

beforeAll(async () => {
  op = await startProvider({
    issuer,
    configuration: { clientBasedCORS: (_ctx, origin) => origin === 'https://spa.example' },
  })
  op.provider.proxy = true
  key = await dpopKey()
})

afterAll(() => op.close())

const proofFor = (url: string) => ({ ...key, proof: () => key.proof(url) })

describe('behind a proxy that ends TLS, trusted by provider.proxy', () => {
  test('O-106 a proof is for the URL the client called, not for the one the proxy called', async () => {
    const rp = relyingParty(op.origin, 'public', key)
    const { handle, id } = await waiting(op, rp)
    const wrong = { headers: forwarded, dpop: proofFor(`${op.origin}/deferred/cancel`) }
    expect(await rp.cancel(handle, {}, wrong)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    const right = { headers: forwarded, dpop: proofFor(`${issuer}/deferred/cancel`) }
    expect(await rp.cancel(handle, {}, right)).toMatchObject({ status: 200, body: {} })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
  })

  test.each([
    ['form', false],
    ['JSON', true],
  ])('C29 C77 an assertion may be for the URL the client called, %s body', async (_form, json) => {
    const rp = relyingParty(op.origin, 'assertion')
    const assertion = async (aud: string) => ({ client_assertion: await clientAssertion(op.origin, { aud }) })
    const code = await assertion(issuer)
    const { handle } = await waiting(op, rp, { params: code })
    const extras = { headers: forwarded, json }
    expect((await rp.cancel(handle, await assertion(`${op.origin}/deferred/cancel`), extras)).status).toBe(401)
    expect((await rp.cancel(handle, await assertion(`${issuer}/deferred/cancel`), extras)).status).toBe(200)
    expect((await rp.poll(handle, await assertion(issuer))).body.error).toBe('access_denied')
  })

  test.each(['op.example:443', 'OP.Example'])(
    'C29 an assertion is for the published URLs when the host is written %s',
    async (host) => {
      const rp = relyingParty(op.origin, 'assertion')
      const extras = { headers: { ...forwarded, 'x-forwarded-host': host } }
      for (const aud of [`${issuer}/deferred/cancel`, `${issuer}/token`, issuer]) {
        const assertion = { client_assertion: await clientAssertion(op.origin, { aud }) }
        expect(await rp.cancel('unknown', assertion, extras)).toMatchObject({ status: 200, body: {} })
      }
    },
  )

  test('a host that is none is invalid_request where it matters', async () => {
    const extras = { headers: { ...forwarded, 'x-forwarded-host': 'x:99999' } }
    const refused = await relyingParty(op.origin, 'assertion').cancel('unknown', {}, extras)
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect(refused.body.error_description).toContain('Host')
    expect(await relyingParty(op.origin).cancel('unknown', {}, extras)).toMatchObject({ status: 200, body: {} })
    // as the host alone
    const discovery = await fetch(`${op.origin}/.well-known/openid-configuration`, extras)
    expect(await discovery.json()).toMatchObject({ error: 'server_error' })
  })

  test('the Origin header of a browser changes nothing', async () => {
    const rp = relyingParty(op.origin, 'public', key)
    const { handle } = await waiting(op, rp)
    const headers = { ...forwarded, origin: 'https://spa.example' }
    const answer = await rp.cancel(handle, {}, { headers, dpop: proofFor(`${issuer}/deferred/cancel`) })
    expect(answer).toMatchObject({ status: 200, body: {} })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://spa.example')
    const stranger = {
      headers: { ...forwarded, origin: 'https://evil.example' },
      dpop: proofFor(`${issuer}/deferred/cancel`),
    }
    expect(await rp.cancel(handle, {}, stranger)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })
})

test('forwarded headers are ignored where the proxy is not trusted', async () => {
  await withProvider({}, async (plain) => {
    const rp = relyingParty(plain.issuer, 'public', key)
    const { handle } = await waiting(plain, rp)
    const forged = { headers: forwarded, dpop: proofFor(`${issuer}/deferred/cancel`) }
    expect(await rp.cancel(handle, {}, forged)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect((await rp.cancel(handle, {}, { headers: forwarded })).status).toBe(200)
  })
})
