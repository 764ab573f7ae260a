import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { grants, held, pollDeferral, request } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let defer: () => boolean
let reconsider: () => boolean

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => defer(), reconsider: () => reconsider() } })
})
afterAll(() => op.close())
beforeEach(() => {
  defer = () => true
  reconsider = () => true
})

const shown = { status: 418, statusCode: 418, expose: true, message: 'db.internal', error_description: 'db.internal' }
const thrown: Record<string, unknown> = {
  'an object that wants to be shown': { ...shown, error: 'db.internal' },
  'a function with members like that': Object.assign(() => undefined, shown),
  'a string': 'db.internal',
  undefined: undefined,
}

function fails(name: string): () => never {
  return () => {
    throw thrown[name]
  }
}

function expectServerError({ status, headers, body }: Answer) {
  expect({ status, error: body.error }).toEqual({ status: 500, error: 'server_error' })
  expect(headers.get('content-type')).toMatch(/^application\/json\b/)
  expect(JSON.stringify(body)).not.toContain('db.internal')
}

describe.each(grants)('%s, what is thrown is no Error', (grant) => {
  test.each(Object.keys(thrown))('I-037 by defer, %s: server_error', async (name) => {
    defer = fails(name)
    const { answer } = await request(relyingParty(op.issuer), grant)
    expectServerError(answer)
    expect(answer.body).not.toHaveProperty('deferral_code')
  })

  test.each(Object.keys(thrown))('by reconsider, %s: server_error, and the approval is not lost', async (name) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, grant)
    await op.provider.deferrals.approve(id)
    reconsider = fails(name)
    expectServerError(await pollDeferral(rp, deferralCode))
    reconsider = () => true
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })
})
