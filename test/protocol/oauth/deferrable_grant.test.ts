import { describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { pollDeferral } from '../../support/deferral.js'
import { type RelyingParty, relyingParty } from '../../support/relying_party.js'
import { useCustomGrants } from './custom_grant_provider.js'
import { assertionGrant, customGrants, exchangeGrant, sendCustom, waitingCustom } from './custom_grants.js'
import { firstAnswer } from './first_answer.js'

const custom = useCustomGrants(({ canWait }) => canWait)

const opted = { completion_mode: 'deferred' }

type More = Parameters<typeof sendCustom>
const send = (rp: RelyingParty, grant: string, params?: More[3], extras?: More[4]) =>
  sendCustom(custom.op, rp, grant, params, extras)
const waiting = (rp: RelyingParty, grant: string, params?: More[3]) => waitingCustom(custom.op, rp, grant, params)

const types = { [assertionGrant]: undefined, [exchangeGrant]: 'urn:ietf:params:oauth:token-type:access_token' }

describe.each(customGrants)('%s', (grant) => {
  test('I-021 I-031 I-035 I-063 I-064 I-065 is deferred, and answers in the end as it would have at once', async () => {
    const rp = relyingParty(custom.op.issuer)
    const atOnce = await send(rp, grant)
    const { answer, id, deferralCode } = await waiting(rp, grant)
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual(firstAnswer)
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
    await custom.op.provider.deferrals.approve(id)
    const tokens = await pollDeferral(rp, deferralCode)
    expect(tokens.status).toBe(200)
    expect(tokens.body).toEqual({ ...atOnce.body, access_token: expect.any(String) })
    expect(tokens.body.issued_token_type).toBe(types[grant])
    expect(tokens.headers.get('cache-control')).toBe('no-store')
    expect((await pollDeferral(rp, deferralCode)).body.error).toBe('invalid_grant')
  })

  test('I-017 I-019 not opted in it cannot wait', async () => {
    for (const params of [{}, { completion_mode: 'other' }]) {
      const { result, ...outcome } = await added(custom.op, () => send(relyingParty(custom.op.issuer), grant, params))
      expect(result).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
      expect(outcome.new).toEqual([])
    }
    expect(custom.observed.asked).toMatchObject([{ obstacle: 'completion_mode' }, { obstacle: 'completion_mode' }])
  })

  test('I-022 opted in, and defer says no: the answer is the one without an opt-in', async () => {
    custom.observed.decide = () => false
    const rp = relyingParty(custom.op.issuer)
    const [plain, told] = [await send(rp, grant), await send(rp, grant, opted)]
    expect(told).toMatchObject({ status: 200, body: { ...plain.body, access_token: expect.any(String) } })
    expect(Object.keys(told.body)).toEqual(Object.keys(plain.body))
    expect(custom.observed.asked.map(({ canWait }) => canWait)).toEqual([false, true])
  })

  test('C-I06 E-13 a public client without a key cannot wait', async () => {
    const { result, ...outcome } = await added(custom.op, () =>
      send(relyingParty(custom.op.issuer, 'public'), grant, opted),
    )
    expect(result.status).toBe(200)
    expect(outcome.new).toEqual([])
    expect(custom.observed.asked).toMatchObject([{ canWait: false, obstacle: 'key' }])
  })

  test('I-032 is validated once, at the token request, and issued once, from what was validated', async () => {
    const rp = relyingParty(custom.op.issuer)
    const { id, deferralCode } = await waiting(rp, grant)
    expect({ validated: custom.did.validated.length, issued: custom.did.issued.length }).toEqual({
      validated: 1,
      issued: 0,
    })
    await custom.op.provider.deferrals.approve(id)
    await pollDeferral(rp, deferralCode)
    await pollDeferral(rp, deferralCode)
    expect(custom.did.validated).toHaveLength(1)
    const kept = JSON.parse(JSON.stringify(custom.did.validated[0]?.source))
    expect(custom.did.issued).toEqual([{ grant, source: { ...kept, clientId: 'secret' } }])
  })

  test('an assertion that has expired by then is as good as it was', async () => {
    const rp = relyingParty(custom.op.issuer)
    const { id, deferralCode } = await waiting(rp, grant)
    custom.op.clock.advance(3600)
    await custom.op.provider.deferrals.approve(id)
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 200 })
  })

  test('reviewers see what was validated', async () => {
    const { id } = await waiting(relyingParty(custom.op.issuer), grant)
    expect(await custom.op.provider.deferrals.get(id)).toMatchObject({
      profile: 'oauth',
      grantType: grant,
      clientId: 'secret',
      accountId: 'alice',
      scope: ['email', 'payments'],
      resource: [],
    })
  })

  test('defer is told what was validated', async () => {
    const { id } = await waiting(relyingParty(custom.op.issuer), grant)
    expect(custom.observed.asked).toMatchObject([
      {
        id,
        profile: 'oauth',
        grantType: grant,
        client: { clientId: 'secret' },
        scope: new Set(['email', 'payments']),
        resource: [],
        params: { grant_type: grant, completion_mode: 'deferred' },
      },
    ])
    expect(Object.isFrozen(custom.observed.asked[0]?.params)).toBe(true)
  })

  test('defer is told whose account it is', async () => {
    await waiting(relyingParty(custom.op.issuer), grant)
    expect(custom.observed.asked[0]?.account?.accountId).toBe('alice')
  })

  test('E-52 I-036 the deferred response is JSON', async () => {
    const accept = { headers: { accept: 'text/html' } }
    const answer = await send(relyingParty(custom.op.issuer), grant, opted, accept)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('retry-after')).toBe('5')
  })
})

test('the client of a source is the one that asked, whatever validate says', async () => {
  custom.did.instead.validate = (source) => ({ ...source, clientId: 'other' })
  const { id } = await waiting(relyingParty(custom.op.issuer), assertionGrant)
  expect(await custom.op.provider.deferrals.get(id)).toMatchObject({ clientId: 'secret' })
})

test('I-043 a Grant that ends earlier ends the deferral', async () => {
  const grant = new custom.op.provider.Grant({ accountId: 'alice', clientId: 'secret' })
  grant.exp = Math.floor(Date.now() / 1000) + 600
  const grantId = await grant.save()
  custom.did.instead.validate = (source) => ({ ...source, grantId })
  const { answer } = await waiting(relyingParty(custom.op.issuer), assertionGrant)
  expect(answer.body.expires_in).toBeLessThanOrEqual(600)
})
