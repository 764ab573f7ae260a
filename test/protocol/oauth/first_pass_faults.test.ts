import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorize, clientOf, signedIn } from '../../support/authorization.js'
import { authorizationCode, redeem, request } from '../../support/deferral.js'
import { deferred } from '../../support/journey.js'
import { observedAdapter } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

/** What the host takes for a refusal of the integrator's, and would show. */
const exposed = () => Object.assign(new Error('a secret of the driver'), { statusCode: 400, status: 400, expose: true })

let op: TestProvider
const host = observedAdapter()
const faults: Error[] = []
let fails: 'defer' | 'interimIdToken' | 'extraTokenClaims' | undefined

function failing(callback: typeof fails): void {
  if (fails === callback) throw exposed()
}

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter: host.adapter, extraTokenClaims: async () => failing('extraTokenClaims') as undefined },
    deferred: {
      defer(_ctx, { profile }) {
        failing('defer')
        return profile === 'openid' || fails !== 'extraTokenClaims'
      },
      interimIdToken: () => failing('interimIdToken') as undefined,
    },
  })
  op.provider.on('server_error', (_ctx, error) => faults.push(error))
})
afterAll(() => op.close())

async function failingWith<T>(callback: typeof fails, work: () => Promise<T>): Promise<T> {
  fails = callback
  try {
    return await work()
  } finally {
    fails = undefined
  }
}

const plain = { status: 500, body: { error: 'server_error', error_description: 'oops! something went wrong' } }

describe('a fault with statusCode and expose in the first pass of a token request that may be deferred', () => {
  test.each(['AuthorizationCode.find', 'Grant.find', 'AuthorizationCode.consume', 'ReplayDetection.insertUnique'])(
    'at %s is server_error',
    async (call) => {
      const rp = relyingParty(op.issuer, 'secret', await dpopKey())
      const code = await authorizationCode(rp)
      host.failNext(call, 'before', exposed())
      const answer = await redeem(rp, code, { completion_mode: 'deferred' })
      expect({ status: answer.status, body: answer.body }).toEqual(plain)
      expect(faults.pop()?.cause).toMatchObject({ expose: true })
    },
  )

  test('of defer is server_error', async () => {
    const { answer } = await failingWith('defer', () => request(relyingParty(op.issuer), 'client_credentials'))
    expect({ status: answer.status, body: answer.body }).toEqual(plain)
    expect(faults.pop()?.message).toBe('features.deferredTokenResponse.defer failed')
  })

  test('that is answered at once is what it is without completion_mode', async () => {
    const rp = relyingParty(op.issuer)
    for (const params of [{ completion_mode: 'deferred' }, {}]) {
      const code = await authorizationCode(rp)
      const answer = await failingWith('extraTokenClaims', () => redeem(rp, code, params))
      expect(answer).toMatchObject({ status: 400, body: { error: 'a secret of the driver' } })
    }
  })
})

describe('a fault with statusCode and expose at the authorization endpoint of the openid profile', () => {
  test.each(['deferred_code', 'deferred_code code'])('of defer is shown to no client: %s', async (type) => {
    const { status, params, html } = await failingWith('defer', async () =>
      authorize(op, await clientOf(op, 'secret'), { response_type: type }),
    )
    expect({ status, params }).toEqual({ status: 500, params: {} })
    expect(html).toContain('server_error')
    expect(html).not.toContain('secret of the driver')
  })

  test('of the adapter, when the deferral is created, is shown to no client', async () => {
    const rp = await clientOf(op, 'secret')
    const agent = await signedIn(op, rp)
    host.failNext('Grant.upsert', 'before', exposed())
    const { status, html } = await authorize(op, rp, {}, { agent })
    expect(status).toBe(500)
    expect(html).not.toContain('secret of the driver')
  })
})

test.each(['Grant.upsert', 'Interaction.upsert'])(
  'a fault at %s that passes by itself is 503 at the authorization endpoint, too, for deferred_code',
  async (call) => {
    const rp = await clientOf(op, 'secret')
    const agent = await signedIn(op, rp)
    host.failNext(call, 'before', Object.assign(new Error('a secret of the driver'), { isTransient: true }))
    const { status, html } = await authorize(op, rp, call === 'Interaction.upsert' ? { prompt: 'login' } : {}, {
      agent,
    })
    expect(status).toBe(503)
    expect(html).not.toContain('secret of the driver')
  },
)

test('a fault with statusCode and expose of interimIdToken is server_error, the code is still usable', async () => {
  const rp = relyingParty(op.issuer)
  const { code } = await deferred(op, rp)
  const answer = await failingWith('interimIdToken', () => rp.exchange(code))
  expect({ status: answer.status, body: answer.body }).toEqual(plain)
  expect((await rp.exchange(code)).status).toBe(200)
})
