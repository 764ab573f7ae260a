import { memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { leaseReachOut, openLeg } from '../../../../lib/deferral/leg_transitions.js'
import { recordsOf } from '../../../../lib/deferral/records.js'
import { held, pollDeferral, whoeverCan } from '../../../support/deferral.js'
import { firstPoll, unclaimed } from '../../../support/direct.js'
import { deferred, waiting } from '../../../support/journey.js'
import { memoryAdapter } from '../../../support/memory_adapter.js'
import { hint, type Phone, pollCiba, withPhone } from '../../../support/phone.js'
import { type TestProvider, withProvider } from '../../../support/provider.js'
import { until } from '../../../support/receiver.js'
import { relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const many = { maxOpen: { perAccount: 100, perClient: 1000 } }
const { phone, options } = withPhone(
  { reachOut: true, hint: true, ...many },
  { deferred: { profiles: { oauth: { direct: true } } } },
)
const op = useProvider(options)
const rp = () => relyingParty(op.issuer)
const deferrals = () => op.provider.deferrals
const questionsOf = (id: string) => phone.questions.filter(({ request }) => request.deferralId === id)

describe('X-116 when the provider asks', () => {
  test('X-101 X-105 X-116 after the answer to the token request; the end-user’s answer decides', async () => {
    const { deferralCode, id } = await held(op, rp(), 'authorization_code')
    const question = await phone.asked(id)
    expect(question.account.accountId).toBe('alice')
    expect((await pollDeferral(rp(), deferralCode)).body.error).toBe('authorization_pending')
    await phone.allow(op, question, { details: { acr: 'phone' } as never })
    expect(await deferrals().get(id)).toMatchObject({ status: 'approved', decision: { by: 'alice', acr: 'phone' } })
    op.clock.advance(5)
    expect((await pollDeferral(rp(), deferralCode)).status).toBe(200)
  })

  test('X-116 N10 in the openid profile after the exchange, of a direct deferral after the first poll', async () => {
    const { code, id } = await deferred(op, rp())
    const direct = await unclaimed(rp())
    op.clock.advance(16)
    expect((await deferrals().get(id))?.legs).toBeUndefined()
    await rp().exchange(code)
    await phone.asked(id)
    expect(questionsOf(direct.id)).toEqual([])
    await firstPoll(rp(), direct.deferralCode)
    await phone.asked(direct.id)
  })

  test('X-101 not without an account', async () => {
    const { id } = await held(op, rp(), 'client_credentials')
    expect(await deferrals().reachOut(id, { by: 'kim' })).toMatchObject({ changed: false })
    expect(questionsOf(id)).toEqual([])
  })

  test('X-103 X-115 N5 N7 the device gets the request as it was made, and no handle; its auth_req_id is no handle', async () => {
    const { deferralCode, id } = await held(op, rp(), 'authorization_code', {
      request: { scope: 'openid email', nonce: 'n-1' },
    })
    const { request, ctx } = await phone.asked(id)
    expect(request).toMatchObject({ deferralId: id, scope: 'openid email', nonce: 'n-1', clientId: 'secret' })
    expect(request.params).toEqual({ client_id: 'secret', scope: 'openid email', nonce: 'n-1' })
    expect(JSON.stringify(request)).not.toContain(deferralCode.slice(22))
    expect(ctx.oidc.route).toBeUndefined()
    expect(Object.keys(ctx.oidc.entities).sort()).toEqual(['Account', 'Client'])
    expect(ctx.oidc.urlFor('token')).toBe(`${op.issuer}/token`)
    for (const client of [rp(), relyingParty(op.issuer, 'other')]) {
      expect((await pollCiba(client, request.jti)).body.error).toBe('invalid_grant')
    }
    expect(await deferrals().get(id)).toMatchObject({ status: 'pending' })
  })

  test('X-104 its lifetime is that of the option, and at most what the deferral has left', async () => {
    const { id } = await held(op, rp(), 'authorization_code')
    await phone.asked(id)
    await until(async () => Boolean((await deferrals().get(id))?.legs?.[0]?.sentAt))
    const [leg] = (await deferrals().get(id))?.legs ?? []
    expect(Number(leg?.until) - Number(leg?.openedAt)).toBe(300_000)
    expect(leg).not.toHaveProperty('hash')
  })
})

describe('X-110 X-112 how often', () => {
  test('X-110 an operator asks again when nobody has answered, and the client takes over with its hint', async () => {
    const { deferralCode, id } = await held(op, rp(), 'authorization_code')
    const first = await phone.asked(id)
    await until(async () => Boolean((await deferrals().get(id))?.legs?.[0]?.sentAt))
    expect(await deferrals().reachOut(id)).toMatchObject({ changed: false })
    op.clock.advance(301)
    expect(await deferrals().reachOut(id, { by: 'kim' })).toMatchObject({ changed: true })
    await phone.asked(id, 2)
    await until(async () => Boolean((await deferrals().get(id))?.legs?.[1]?.sentAt))
    expect((await hint(rp(), deferralCode)).status).toBe(200)
    const third = await phone.asked(id, 3)
    await phone.refuse(op, first)
    expect(await deferrals().get(id)).toMatchObject({
      status: 'pending',
      legs: [{}, { reason: 'superseded' }, { kind: 'hint' }],
    })
    op.clock.advance(600)
    expect(await deferrals().reachOut(id)).toMatchObject({ changed: false })
    await phone.allow(op, third)
    expect(await deferrals().get(id)).toMatchObject({ status: 'pending' })
  })

  test('X-112 a capped one is as if nobody could be reached, and operators see why', async () => {
    const { phone: device, options: few } = withPhone({ reachOut: true, maxOpen: { perAccount: 1 } })
    await withProvider(few, async (at) => {
      const client = relyingParty(at.issuer)
      await device.asked((await held(at, client, 'authorization_code')).id)
      const { id } = await held(at, client, 'authorization_code')
      const reason = async () => (await at.provider.deferrals.get(id))?.reachOutFault
      await until(async () => (await reason()) !== undefined)
      expect(await reason()).toBe('too many questions are open')
    })
  })

  test('reachOut may be a function, and the operator asks all the same', async () => {
    const { phone: device, options: some } = withPhone({ reachOut: ({ queue }) => queue === 'phone', ...many })
    await withProvider(some, async (at) => {
      const { id } = await held(at, relyingParty(at.issuer), 'authorization_code')
      const attempts = async () => {
        const { history = [] } = (await at.provider.deferrals.get(id)) ?? {}
        return history.filter(({ event }) => event === 'reach_out_attempted').length
      }
      await until(async () => (await attempts()) === 1)
      at.clock.advance(31)
      expect(await at.provider.deferrals.get(id)).not.toHaveProperty('reachOutFault')
      expect(device.questions).toEqual([])
      expect(await at.provider.deferrals.reachOut(id, { by: 'kim' })).toMatchObject({ changed: true })
      await device.asked(id)
      expect(await attempts()).toBe(2)
    })
  })
})

describe('X-117 what the client sees', () => {
  test('X-117 interaction_pending with interactionPending, from when the device was asked until its answer', async () => {
    const profiles = { oauth: { interactionPending: true } }
    const { phone: device, options: shown } = withPhone({ reachOut: true }, { deferred: { profiles } })
    await withProvider(shown, async (at) => {
      const client = relyingParty(at.issuer)
      const { deferralCode, id } = await held(at, client, 'authorization_code')
      const question = await device.asked(id)
      await until(async () => Boolean((await at.provider.deferrals.get(id))?.legs?.[0]?.sentAt))
      const { body } = await pollDeferral(client, deferralCode)
      expect(body).toEqual({ error: 'interaction_pending', error_description: expect.any(String) })
      const openid = await waiting(at, client)
      await device.asked(openid.id)
      await until(async () => Boolean((await at.provider.deferrals.get(openid.id))?.legs?.[0]?.sentAt))
      expect((await client.poll(openid.handle)).body.error).toBe('authorization_pending')
      at.clock.advance(300)
      expect((await pollDeferral(client, deferralCode)).body.error).toBe('authorization_pending')
      await device.allow(at, question)
    })
  })
})

describe('X-118 a device that cannot be reached', () => {
  test('X-118 the client’s answer is not affected; it is tried again, a few times, and then operators see it', async () => {
    const { phone: device, options: broken } = withPhone({ reachOut: true }, { deferred: { defer: whoeverCan } })
    await withProvider(broken, async (at) => {
      let tries = 0
      device.behave = () => {
        tries += 1
        throw new Error('the gateway is down')
      }
      const { id, answer } = await held(at, relyingParty(at.issuer), 'authorization_code')
      expect(answer.body.error).toBe('authorization_pending')
      for (const [index, delay] of [5, 30, 120, 600, 0].entries()) {
        await until(async () => {
          const { reachOutFault, history = [] } = (await at.provider.deferrals.get(id)) ?? {}
          return Boolean(reachOutFault) && history.filter(({ event }) => event === 'reach_out_failed').length > index
        })
        at.clock.advance(delay)
      }
      expect(tries).toBe(5)
      expect((await at.provider.deferrals.get(id))?.reachOutFault).toBe('the end-user could not be asked')
      device.behave = () => undefined
      await at.provider.deferrals.reachOut(id, { by: 'kim' })
      await device.asked(id)
      await until(async () => (await at.provider.deferrals.get(id))?.reachOutFault === undefined)
    })
  })

  test('X-118 if the node that answered does not ask, another one does', async () => {
    const store = memoryStore()
    const adapter = memoryAdapter()
    const { phone: device, options: shared } = withPhone(
      { reachOut: true },
      { deferred: { store }, configuration: { adapter } },
    )
    await withProvider(shared, async (dying) => {
      await dying.provider.deferrals.close()
      const { id } = await held(dying, relyingParty(dying.issuer), 'authorization_code')
      expect((await dying.provider.deferrals.get(id))?.legs).toBeUndefined()
      await withProvider({ ...shared, issuer: dying.issuer, clock: dying.clock }, async () => {
        dying.clock.advance(16)
        await device.asked(id)
        expect(device.questions).toHaveLength(1)
      })
    })
  })

  /** A deferral about which so many nodes have begun to ask and died, and a node that lives. */
  async function afterDeaths(deaths: number, use: (at: TestProvider, id: string, device: Phone) => Promise<void>) {
    const shared = { deferred: { store: memoryStore() }, configuration: { adapter: memoryAdapter() } }
    const { phone: device, options: lonely } = withPhone({ reachOut: true, maxLegs: 1 }, shared)
    await withProvider(lonely, async (dead) => {
      await dead.provider.deferrals.close()
      const { id } = await held(dead, relyingParty(dead.issuer), 'authorization_code')
      const { issuer, clock } = dead
      const records = recordsOf(shared.deferred.store, { issuer, retention: 60, clock: clock.now, onWritten() {} })
      for (let death = 0; death < deaths; death++) {
        clock.advance(31)
        await records.transit(id, leaseReachOut(30))
      }
      await records.transit(id, openLeg({ kind: 'reach_out', hash: 'lost', expiresIn: 300 }, 1))
      await withProvider({ ...lonely, issuer, clock }, (at) => use(at, id, device))
    })
  }
  const failures = async ({ provider }: TestProvider, id: string) => {
    const { history = [] } = (await provider.deferrals.get(id)) ?? {}
    return history.filter(({ event }) => event === 'reach_out_failed').length
  }

  test('X-118 if a node dies while it asks, another one asks a minute later, also where one leg is allowed', async () => {
    await afterDeaths(1, async (at, id, device) => {
      at.clock.advance(31)
      await until(async () => (await failures(at, id)) === 1)
      expect(await at.provider.deferrals.get(id)).not.toHaveProperty('legs')
      expect(device.questions).toEqual([])
      at.clock.advance(31)
      await device.asked(id)
      await until(async () => Boolean((await at.provider.deferrals.get(id))?.legs?.[0]?.sentAt))
    })
  })

  test('X-118 if each node dies while it asks, none asks after the fifth attempt, before an operator wants it', async () => {
    await afterDeaths(5, async (at, id, device) => {
      at.clock.advance(31)
      await until(async () => (await failures(at, id)) === 1)
      at.clock.advance(700)
      expect((await at.provider.deferrals.get(id))?.reachOutFault).toBe('the end-user could not be asked')
      expect(device.questions).toEqual([])
      expect(await at.provider.deferrals.reachOut(id)).toMatchObject({ changed: true })
    })
  })
})

test('reachOut needs the option', async () => {
  await withProvider(withPhone({ hint: true }).options, async (at) => {
    const { id } = await held(at, relyingParty(at.issuer), 'authorization_code')
    await expect(at.provider.deferrals.reachOut(id)).rejects.toThrow('reachOut: needs the option ciba.reachOut')
  })
})
