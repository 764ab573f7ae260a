import { errors } from 'oidc-provider'
import type { DeferRequest } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { held, pollDeferral } from '../../../support/deferral.js'
import { hint, pollCiba, withPhone } from '../../../support/phone.js'
import { relyingParty } from '../../../support/relying_party.js'
import { jwtApi, resourceServers } from '../../../support/resource_servers.js'
import { useProvider } from '../../../support/use_provider.js'

const { phone, options } = withPhone(
  { hint: true, maxOpen: { perAccount: 100 } },
  {
    configuration: { features: { resourceIndicators: resourceServers } },
    deferred: { defer: (_ctx: unknown, { canWait }: DeferRequest) => canWait && { quorum } },
  },
)
let quorum = 1
const op = useProvider(options)
const rp = () => relyingParty(op.issuer)
const deferrals = () => op.provider.deferrals
const stored = async (id: string) => (await deferrals().get(id)) ?? {}

async function asked(request: Record<string, string> = {}) {
  const { deferralCode, id } = await held(op, rp(), 'authorization_code', { request })
  const { body } = await hint(rp(), deferralCode)
  return { id, deferralCode, authReqId: String(body.auth_req_id), question: await phone.asked(id) }
}

describe('X-105 a Grant', () => {
  test('X-105 X-111 approves with at most what both allow, by the account, with its authentication', async () => {
    const { id, question } = await asked({ scope: 'openid email' })
    const details = { acr: 'phone', amr: ['pin'], authTime: 1_700_000_000 }
    await phone.allow(op, question, { scope: 'openid payments', details: details as never })
    expect(await stored(id)).toMatchObject({
      status: 'approved',
      decision: { by: 'alice', scope: ['openid'], ...details },
    })
  })

  test('X-105 members that are not valid are ignored: the tap counts', async () => {
    const { id, question } = await asked()
    await phone.allow(op, question, { details: { acr: '', amr: ['', 5], authTime: 1.5 } as never })
    const { status, decision } = (await stored(id)) as { status?: string; decision?: object }
    expect(status).toBe('approved')
    for (const name of ['acr', 'amr', 'authTime']) expect(decision).not.toHaveProperty(name)
  })

  test.each(['', 'email'])('X-105 without openid (%j) it is a denial', async (scope) => {
    const { id, question } = await asked({ scope: 'openid email' })
    await phone.allow(op, question, { scope })
    expect(await stored(id)).toMatchObject({ status: 'denied', decision: { by: 'alice' } })
  })

  test('X-105 N3 scopes of a resource are those that its Grant has', async () => {
    const { id, question } = await asked({ scope: 'openid read write', resource: jwtApi })
    expect(question.request).toMatchObject({ resource: jwtApi, params: { resource: jwtApi } })
    await phone.allow(op, question, { scope: 'openid', resource: { [jwtApi]: 'read delete' } })
    expect(await stored(id)).toMatchObject({
      status: 'approved',
      decision: { scope: ['openid', 'read'], resource: [jwtApi] },
    })
  })

  test('X-105 a Grant that is not saved is the mistake of the integrator', async () => {
    const { id, question } = await asked()
    const { provider } = op
    const grant = new provider.Grant({ accountId: 'alice', clientId: 'secret' })
    grant.addOIDCScope('openid')
    grant.jti = 'x'.repeat(43)
    await expect(provider.backchannelResult(question.request.jti, grant)).rejects.toThrow('needs a Grant that is saved')
    expect(await stored(id)).toMatchObject({ status: 'pending' })
  })
})

describe('X-106 N11 the Grant that was handed over', () => {
  test('X-106 N11 is destroyed after the decision, and the tokens hang on the Grant of the deferral', async () => {
    const { id, deferralCode, question } = await asked()
    const own = String(((await stored(id)) as { grantId?: string }).grantId)
    const handed = await phone.allow(op, question)
    expect(await op.provider.Grant.find(handed)).toBeUndefined()
    expect(await op.provider.Grant.find(own)).toBeDefined()
    op.clock.advance(5)
    const { body } = await pollDeferral(rp(), deferralCode)
    expect((await op.provider.AccessToken.find(body.access_token))?.grantId).toBe(own)
  })

  test('X-106 N11 the own Grant of the deferral stays, and so does one that is older than the question', async () => {
    const first = await asked()
    const own = String(((await stored(first.id)) as { grantId?: string }).grantId)
    await phone.allow(op, first.question, { grantId: own })
    expect(await op.provider.Grant.find(own)).toBeDefined()
    const older = new op.provider.Grant({ accountId: 'alice', clientId: 'secret' })
    older.addOIDCScope('openid')
    Object.assign(older, { iat: Math.floor(Date.now() / 1000) - 60 })
    const id = await older.save()
    await phone.allow(op, (await asked()).question, { grantId: id })
    expect(await op.provider.Grant.find(id)).toBeDefined()
  })

  test('N11 a late one leaves no Grant behind either', async () => {
    const { id, question } = await asked()
    await deferrals().deny(id)
    expect(await op.provider.Grant.find(await phone.allow(op, question))).toBeUndefined()
  })
})

describe('X-107 an error', () => {
  test('X-107 access_denied denies, with its description', async () => {
    const { id, deferralCode, authReqId, question } = await asked()
    await phone.refuse(op, question, new errors.AccessDenied('not my order'))
    expect(await stored(id)).toMatchObject({ status: 'denied', decision: { by: 'alice', description: 'not my order' } })
    op.clock.advance(5)
    for (const answer of [await pollDeferral(rp(), deferralCode), await pollCiba(rp(), authReqId)]) {
      expect(answer.body).toMatchObject({ error: 'access_denied', reason: 'not my order' })
    }
  })

  test('X-107 another error ends the question only: its auth_req_id has expired, the deferral waits', async () => {
    const { id, deferralCode, authReqId, question } = await asked()
    await phone.refuse(op, question, new errors.ExpiredToken('nobody there'))
    const { status, legs } = (await stored(id)) as { status?: string; legs?: object[] }
    expect([status, legs?.at(-1)]).toMatchObject(['pending', { reason: 'expired_token' }])
    op.clock.advance(5)
    expect((await pollCiba(rp(), authReqId)).body.error).toBe('expired_token')
    expect((await pollDeferral(rp(), deferralCode)).body.error).toBe('authorization_pending')
    expect((await hint(rp(), deferralCode)).status).toBe(200)
  })
})

describe('X-108 N9 late and contradictory results', () => {
  test.each([
    ['an approval after a denial', 'refuse', 'allow', 'denied'],
    ['a denial after an approval', 'allow', 'refuse', 'approved'],
    ['a second approval', 'allow', 'allow', 'approved'],
  ] as const)(
    'X-108 N9 %s changes nothing, does not throw, and is in the history',
    async (_case, first, second, expected) => {
      const { id, question } = await asked()
      await phone[first](op, question)
      await phone[second](op, question)
      const { status, history } = (await stored(id)) as { status?: string; history?: { event: string }[] }
      expect([status, history?.at(-1)?.event]).toEqual([expected, 'leg_result_discarded'])
    },
  )

  test('X-107 X-108 one after the time of the question is discarded, and so is one of an earlier question', async () => {
    const { id, deferralCode, question } = await asked()
    op.clock.advance(601)
    await phone.allow(op, question)
    expect(await stored(id)).toMatchObject({ status: 'pending' })
    await hint(rp(), deferralCode)
    const later = await phone.asked(id, 2)
    await phone.refuse(op, question)
    expect(await stored(id)).toMatchObject({ status: 'pending' })
    await phone.allow(op, later)
    expect(await stored(id)).toMatchObject({ status: 'approved' })
  })
})

describe('X-109 N6 a quorum', () => {
  test('X-109 N6 one tap is one vote: it does not resolve, twice it does not count twice, and the vote of another completes it', async () => {
    quorum = 2
    const { id, deferralCode, authReqId, question } = await asked()
    quorum = 1
    await phone.allow(op, question)
    await phone.allow(op, question)
    expect(await stored(id)).toMatchObject({ status: 'pending', votes: [{ by: 'alice' }] })
    op.clock.advance(5)
    expect((await pollCiba(rp(), authReqId)).body.error).toBe('authorization_pending')
    await hint(rp(), deferralCode)
    await phone.allow(op, await phone.asked(id, 2))
    expect(await stored(id)).toMatchObject({ status: 'pending', votes: [{ by: 'alice' }] })
    await deferrals().approve(id, { by: 'kim' })
    expect(await stored(id)).toMatchObject({ status: 'approved' })
  })
})
