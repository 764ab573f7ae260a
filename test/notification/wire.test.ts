import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Arrival } from '../support/receiver.js'
import { type Begun, handleName, profiles, startWire, type Wire } from './wire.js'

const token = 'a-notification-token.of~the+client/0123456789='

let wire: Wire
const events: { event: string; deferral: Deferral }[] = []

beforeAll(async () => {
  wire = await startWire()
  for (const event of ['notified', 'notification_failed'] as const) {
    wire.op.provider.on(`deferral.${event}`, (deferral) => events.push({ event, deferral }))
  }
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals
const namesOf = ({ rawHeaders }: Arrival) =>
  rawHeaders.filter((_, index) => index % 2 === 0).map((n) => n.toLowerCase())

/** One that is approved once its client has the handle, and its only notification. */
async function told(begun: Begun): Promise<Arrival> {
  wire.op.clock.advance(2)
  await deferrals().approve(begun.id)
  await wire.settled(begun.id, 'delivered')
  const [arrival, ...more] = wire.heard(begun.id)
  expect(more).toEqual([])
  return arrival as Arrival
}

describe.each(profiles)('%s profile', (profile) => {
  const of = (openid: string, oauth: string) => (profile === 'openid' ? openid : oauth)

  test(`${of('O-089 O-092', 'I-096 I-101')} C65 C-X01 E-30 one POST of JSON with the handle and no other member`, async () => {
    const begun = await wire.begin(profile, { token })
    const { method, headers, body, protocol } = await told(begun)
    expect([method, headers['content-type']]).toEqual(['POST', 'application/json'])
    expect(body).toBe(JSON.stringify({ [handleName[profile]]: begun.handle }))
    expect(headers['content-length']).toBe(String(body.length))
    expect(protocol).toMatch(/^TLSv1\.[23]$/)
  })

  test.each([
    ['of one character', 'a'],
    ['of every kind of character', token],
    ['of the odd ones', '-._~+/'],
    ['that is padded', 'padded===='],
    ['of 1024 characters', 'x'.repeat(1024)],
  ])(`${of('O-093', 'I-102')} C65 a notification token %s is the bearer, byte for byte`, async (_case, sent) => {
    const arrival = await told(await wire.begin(profile, { token: sent }))
    const { rawHeaders } = arrival
    const values = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'authorization')
    expect(values).toEqual([`Bearer ${sent}`])
  })

  test(`${of('O-093', 'I-103')} C65 without a notification token there is no Authorization header at all`, async () => {
    expect(namesOf(await told(await wire.begin(profile)))).not.toContain('authorization')
  })

  test('an empty notification token is none, as any parameter without a value', async () => {
    const begun = await wire.begin(profile, { token: '' })
    expect(namesOf(await told(begun))).not.toContain('authorization')
  })

  test(`C-X02 the other profile's notification token is none`, async () => {
    const other = of('client_notification_token', 'deferred_notification_token')
    const begun = await wire.begin(profile, { params: { [other]: token } })
    expect(namesOf(await told(begun))).not.toContain('authorization')
  })

  test(`${of('E-25', 'I-097 I-127')} says nothing of the outcome, and its URL is the registered one and nothing more`, async () => {
    const [approved, denied] = await Promise.all([wire.begin(profile, { token }), wire.begin(profile, { token })])
    wire.op.clock.advance(2)
    await deferrals().approve(approved.id)
    await deferrals().deny(denied.id, { description: 'not today' })
    for (const { id } of [approved, denied]) await wire.settled(id, 'delivered')
    const sent = [approved, denied].map(({ id, handle }) => {
      const { at: _, rawHeaders, headers, ...arrival } = wire.heard(id)[0] as Arrival
      const { 'delivery-id': delivery, ...others } = headers
      expect(delivery).toBe(id)
      expect(rawHeaders.join()).not.toContain(handle)
      return { ...arrival, headers: others, body: arrival.body.replace(handle, '') }
    })
    expect(sent[0]).toEqual(sent[1])
    expect(sent[0]?.url).toBe('/notified/secret?from=op')
  })

  test('a Delivery-Id stays with its deferral, Delivery-Attempt counts, and all else is sent again as it was', async () => {
    const begun = await wire.begin(profile, { token })
    wire.answer(begun.id, (response, _arrival, n) => response.writeHead(n < 3 ? 503 : 204).end())
    wire.op.clock.advance(2)
    await deferrals().approve(begun.id)
    for (const [attempt, pause] of [6, 36].entries()) {
      await wire.over(begun.id, attempt + 1)
      wire.op.clock.advance(pause)
    }
    await wire.settled(begun.id, 'delivered')
    const sent = wire.heard(begun.id).map(({ headers, body }) => ({ ...headers, body }))
    expect(sent.map((one) => (one as Arrival['headers'])['delivery-attempt'])).toEqual(['1', '2', '3'])
    expect(sent.map((one) => (one as Arrival['headers'])['delivery-id'])).toEqual([begun.id, begun.id, begun.id])
    expect(new Set(sent.map((one) => JSON.stringify({ ...one, 'delivery-attempt': '' }))).size).toBe(1)
    const [mine] = events.filter(({ deferral }) => deferral.id === begun.id)
    expect(mine).toMatchObject({ event: 'notified', deferral: { notification: { attempts: 3, answer: 204 } } })
  })
})
