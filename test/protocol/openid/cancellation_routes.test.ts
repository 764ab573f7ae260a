import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { atDoor, basic, clientTypes, send, successAt, waiting } from '../../support/journey.js'
import { startProvider, type TestOptions, type TestProvider } from '../../support/provider.js'
import { clientAssertion, type DpopKey, dpopKey, relyingParty } from '../../support/relying_party.js'

const routes: Record<string, TestOptions> = {
  'the default route': {},
  'a route of the integrator': {
    configuration: { routes: { token: '/oauth/token' } },
    deferred: { routes: { cancellation: '/oauth/cancel' } },
  },
}

describe.each(Object.keys(routes))('%s:', (name) => {
  let op: TestProvider
  let key: DpopKey
  const [token, cancellation] = name.startsWith('a route')
    ? ['/oauth/token', '/oauth/cancel']
    : ['/token', '/deferred/cancel']
  const endpoint = () => op.issuer + cancellation

  /** A client that knows where the endpoints are. */
  function party(clientId: string) {
    const rp = relyingParty(op.issuer, clientId, clientId === 'public' ? key : undefined)
    const { post } = rp
    rp.post = (path, params, extras) =>
      post(path === '/token' ? token : path === '/deferred/cancel' ? cancellation : path, params, extras)
    return rp
  }

  beforeAll(async () => {
    op = await startProvider(routes[name])
    key = await dpopKey()
  })

  afterAll(() => op.close())

  test('C-O01 the metadata says where it is', async () => {
    const response = await fetch(`${op.issuer}/.well-known/openid-configuration`)
    expect(await response.json()).toMatchObject({
      token_endpoint: op.issuer + token,
      deferred_authentication_cancellation_endpoint: endpoint(),
    })
  })

  test.each(clientTypes.flatMap((client) => [[client, 'form', false] as const, [client, 'JSON', true] as const]))(
    'O-099 C74 C77 the %s client cancels with a %s body',
    async (clientId, _form, json) => {
      const rp = party(clientId)
      const { handle, id } = await waiting(op, rp)
      expect(await rp.cancel(handle, {}, { json })).toMatchObject({ status: 200, body: {} })
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
      expect((await rp.poll(handle)).body.error).toBe('access_denied')
    },
  )

  test('C54 C60 a proof is for this endpoint, not for that of tokens', async () => {
    const rp = party('public')
    const { present } = await atDoor(op, rp, 'cancel')
    for (const htu of [op.issuer + token, `${endpoint()}/`]) {
      const dpop = { ...key, proof: () => key.proof(htu) }
      expect(await present({}, { dpop })).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    }
    expect(await present()).toMatchObject(successAt.cancel)
  })

  test('C29 an assertion may be for the issuer, the token endpoint or this endpoint', async () => {
    const rp = party('assertion')
    for (const aud of [op.issuer, op.issuer + token, endpoint()]) {
      const { present, id } = await atDoor(op, rp, 'cancel')
      expect(await present({ client_assertion: await clientAssertion(op.issuer, { aud }) })).toMatchObject(
        successAt.cancel,
      )
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'cancelled' })
    }
    const { present } = await atDoor(op, rp, 'cancel')
    const assertion = { client_assertion: await clientAssertion(op.issuer, { aud: `${op.issuer}/elsewhere` }) }
    expect((await present(assertion)).status).toBe(401)
  })

  test('O-107 C33 C76 errors are as anywhere: 401 with a challenge, 400', async () => {
    expect(await send(endpoint(), { deferred_auth_id: 'x' }, basic('secret', 'wrong'))).toMatchObject({ status: 401 })
    expect(await party('secret').cancel(undefined)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    expect((await fetch(endpoint())).status).toBe(404)
  })

  test('CORS: a preflight is answered as at the token endpoint', async () => {
    const headers = {
      origin: 'https://spa.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'dpop,content-type',
    }
    const seen = await Promise.all(
      [endpoint(), op.issuer + token].map(async (url) => {
        const response = await fetch(url, { method: 'OPTIONS', headers })
        const cors = [...response.headers].filter(
          ([header]) => header.startsWith('access-control-') || header === 'vary',
        )
        return { status: response.status, cors }
      }),
    )
    expect(seen[0]).toEqual(seen[1])
    expect(Object.fromEntries(seen[0]!.cors)['access-control-allow-headers']).toBe('dpop,content-type')
  })
})
