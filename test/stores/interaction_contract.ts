import { expect, test } from '@jest/globals'
import type { Decision, DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { at, newDeferral, start } from './new_deferral.js'

/** What a request of the oauth profile is created with: it has its handle from the start. */
const held = () => {
  const { codeHash: _none, ...request } = newDeferral({ profile: 'oauth', grantType: 'client_credentials' })
  return { ...request, handleHash: newId(), binding: { x5t: 'x5t' }, requestedResource: ['https://$api.example/'] }
}
const interaction = { uri: 'https://op.example/$where?x=$$NOW' }

/** What every store owes the oauth profile: deferrals without an exchange, interactions, approvals that end. */
export function interactionContract(open: () => DeferralStore): void {
  const find = async (id: string, now?: Date) => (await open().find(id, now)) as DeferralRecord

  test('a deferral created with its handle counts as exchanged, and can be redeemed', async () => {
    const { expiresIn, ...request } = held()
    const { id } = request
    const record = await open().create({ expiresIn, ...request }, start)
    expect(record).toMatchObject({ ...request, status: 'pending', exchangedAt: start, expiresAt: at(60) })
    expect(record).not.toHaveProperty('interaction')
    expect(await open().exchange(id, { handleHash: newId() }, at(1))).toBeUndefined()
    expect(await find(id, at(1))).toEqual({ ...record, readAt: at(1) })
    expect(await open().extend(id, 600, at(2))).toMatchObject({ expiresAt: at(602) })
    expect(await open().decide(id, 'approved', {}, at(3))).toBeDefined()
    const claimed = await open().claim(id, 'claim', 15, at(4))
    expect(claimed).toMatchObject({ fence: 1, requestedResource: request.requestedResource, binding: request.binding })
    expect(await open().finalise(id, { id: 'claim', fence: 1 }, at(5))).toMatchObject({ status: 'redeemed' })
  })

  test('one created without a handle does not', async () => {
    const { id } = await open().create(newDeferral(), start)
    expect(await find(id, at(1))).not.toHaveProperty('exchangedAt')
    await open().decide(id, 'approved', {}, at(2))
    expect(await open().claim(id, 'claim', 15, at(3))).toBeUndefined()
  })

  test('64 concurrent creations of one id leave one deferral, and the others know', async () => {
    const request = held()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 64 }, (_, nth) => open().create({ ...request, handleHash: `hash ${nth}` }, start)),
    )
    const [winner, ...others] = outcomes.filter((one) => one.status === 'fulfilled')
    expect(others).toEqual([])
    expect(await find(request.id)).toMatchObject({ handleHash: winner?.value.handleHash })
  })

  test('a deferral can be created with an interaction, which resume takes back', async () => {
    const { id } = await open().create({ ...held(), interaction }, start)
    expect((await find(id)).interaction).toEqual(interaction)
    await open().progress(id, { step: 'review' }, at(1))
    const resumed = await open().resume(id, at(2))
    expect(resumed?.interaction).toBeUndefined()
    expect(resumed).toMatchObject({ status: 'pending', progress: { step: 'review' } })
    expect((await find(id)).interaction).toBeUndefined()
  })

  test('a later interaction takes the place of the earlier one, and moves nothing else', async () => {
    const before = await open().create({ ...held(), interaction }, start)
    const later = { uri: 'https://op.example/another' }
    const after = await open().requireInteraction(before.id, later, at(1))
    expect(after).toEqual({ ...before, interaction: later, readAt: at(1) })
  })

  test('resume, too, is refused at the instant of expiry', async () => {
    const { id } = await open().create({ ...held(), interaction }, start)
    expect(await open().resume(id, at(60))).toBeUndefined()
    expect(await open().resume(id, at(59.999))).toBeDefined()
  })

  test('E-42 the end of an approval comes back as the same instant from every verb, and nothing else as a date', async () => {
    const clientId = newId()
    const { id } = await open().create({ ...held(), clientId }, start)
    const decision: Decision = {
      until: new Date('2026-03-29T01:59:59.123Z'),
      note: '2026-01-01T00:00:00.000Z',
      by: '$$NOW',
      authorizationDetails: [{ type: 'payment', until: '2026-01-01T00:00:00.000Z', $date: 'x' }],
    }
    const seen = [
      await open().decide(id, 'approved', decision, at(1)),
      await find(id, at(2)),
      (await open().list({ clientId, limit: 1 }, at(2)))[0],
      await open().claim(id, 'claim', 15, at(3)),
      await open().release(id, 'claim', at(4)),
      await open().claim(id, 'claim', 15, at(5)),
      await open().finalise(id, { id: 'claim', fence: 2 }, at(6)),
    ]
    for (const record of seen) {
      expect(record).toMatchObject({ decision })
      expect((record as { decision: Decision }).decision.until).toBeInstanceOf(Date)
    }
  })

  test('a decision without an end has none', async () => {
    const { id } = await open().create(held(), start)
    await open().decide(id, 'approved', { by: 'reviewer' }, at(1))
    expect(await find(id)).toMatchObject({ decision: { by: 'reviewer' } })
    expect((await find(id)) as object).not.toHaveProperty('decision.until')
  })
}
