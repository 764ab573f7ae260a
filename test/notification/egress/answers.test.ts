import type { Profile } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answering, type Behaviour } from '../../support/receiver.js'
import { type Begun, profiles, startWire, type Wire } from '../wire.js'

/*
 * What the receiver answers, and what comes of it. All are notified at once, and then again where they asked for it.
 */
const body: Behaviour = (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>thank you')
const odd: Behaviour = (response) =>
  response.writeHead(201, { 'content-type': 'application/json' }).end('{"error":"no"')
const elsewhere = { location: 'https://rp.example/elsewhere' }

const delivered: [string, Behaviour][] = [
  ['204', answering(204)],
  ['200 with a body', body],
  ['200', answering(200)],
  ['201 with half a body of JSON', odd],
  ['202', answering(202)],
  ['206', answering(206)],
]
const final = [301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 422]
const again = [408, 425, 429, 500, 502, 503, 504]
// one sender serves both profiles: all of it for one of them, one of each kind for the other
const ofBoth = ['204', 302, 400, 401, 403, 503]
const of = <T extends string | number>(profile: Profile, names: T[]) =>
  profile === 'oauth' ? names : names.filter((name) => ofBoth.includes(name))

let wire: Wire
const told = new Map<string, Begun>()

beforeAll(async () => {
  wire = await startWire()
  const rows = [
    ...delivered,
    ...final.map((status) => [String(status), answering(status, status < 400 ? elsewhere : {})] as const),
    ...again.map((status) => [String(status), once(status)] as const),
  ]
  const begun = await Promise.all(profiles.flatMap((profile) => rows.map((row) => begin(profile, ...row))))
  wire.op.clock.advance(2)
  await Promise.all(begun.map(({ id }) => wire.op.provider.deferrals.approve(id)))
  await Promise.all(begun.map(({ id }) => wire.over(id, 1)))
  wire.op.clock.advance(10)
  await wire.swept()
  await Promise.all(begun.map(({ id }) => wire.settled(id, 'delivered', 'failed')))
})
afterAll(() => wire.close())

async function begin(profile: Profile, name: string, behave: Behaviour): Promise<Begun> {
  const begun = await wire.begin(profile)
  wire.answer(begun.id, behave)
  told.set(`${profile} ${name}`, begun)
  return begun
}

const once =
  (status: number): Behaviour =>
  (response, _arrival, n) =>
    response.writeHead(n === 1 ? status : 204).end()

const begunFor = (profile: string, status: string | number) => told.get(`${profile} ${status}`) as Begun
const show = (profile: string, openid: string, oauth: string) => (profile === 'openid' ? openid : oauth)

describe.each(profiles)('%s profile', (profile) => {
  test.each(
    of(
      profile,
      delivered.map(([name]) => name),
    ),
  )(
    `${show(profile, 'O-094', 'I-104 C-I26')} C66 %s counts as delivered, and what it says is ignored`,
    async (name) => {
      const { id, poll } = begunFor(profile, name)
      expect(wire.heard(id)).toHaveLength(1)
      const { notification } = (await wire.op.provider.deferrals.get(id))!
      expect(notification).toMatchObject({ status: 'delivered', attempts: 1, answer: Number.parseInt(name, 10) })
      expect(notification).not.toHaveProperty('reason')
      expect((await poll()).status).toBe(200)
    },
  )

  const idsOf = (status: number) => {
    if (status < 400) return show(profile, 'O-095', 'I-105')
    return [show(profile, 'O-096', 'I-106'), ...(status === 401 ? ['C67'] : status === 403 ? ['C68'] : [])].join(' ')
  }

  test.each(of(profile, final).map((status) => [`${idsOf(status)} C-O21 E-24`, status] as const))(
    '%s nothing more is sent after %d, and polls yield tokens all the same',
    async (_ids, status) => {
      const { id, poll } = begunFor(profile, status)
      expect(wire.heard(id).map(({ url }) => url)).toEqual(['/notified/secret?from=op'])
      const { notification } = (await wire.op.provider.deferrals.get(id))!
      expect(notification).toMatchObject({ status: 'failed', attempts: 1, answer: status })
      expect(notification?.reason).toBe(`the endpoint answered ${status}`)
      expect((await poll()).status).toBe(200)
    },
  )

  test.each(of(profile, again))(
    `${show(profile, 'O-096', 'I-106')} C-O21 it is sent again after %d`,
    async (status) => {
      const { id, poll } = begunFor(profile, status)
      expect(wire.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1', '2'])
      const { notification } = (await wire.op.provider.deferrals.get(id))!
      expect(notification).toMatchObject({ status: 'delivered', attempts: 2, answer: 204 })
      expect((await poll()).status).toBe(200)
    },
  )
})

test('O-095 I-105 where a redirect led to was never asked for', () => {
  expect(wire.receiver.arrivals.filter(({ url, method }) => url.includes('elsewhere') || method !== 'POST')).toEqual([])
})
