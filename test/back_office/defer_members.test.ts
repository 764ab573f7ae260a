import { memoryStore } from 'oidc-provider-deferred'
import { afterEach, describe, expect, test } from 'vitest'
import { added, authorize } from '../support/authorization.js'
import { held, pollDeferral, request } from '../support/deferral.js'
import { deferred, waiting } from '../support/journey.js'
import { observedDefer } from '../support/observed.js'
import { relyingParty } from '../support/relying_party.js'
import { useProvider } from '../support/use_provider.js'

const observed = observedDefer()
const store = memoryStore()
const op = useProvider({ deferred: { store, defer: observed.defer } })
const profiles = ['openid', 'oauth'] as const
type Profile = (typeof profiles)[number]

afterEach(() => observed.reset())

/** The id of a deferral of this profile. */
async function begin(profile: Profile): Promise<string> {
  const rp = relyingParty(op.issuer)
  const { id } = await (profile === 'openid' ? deferred(op, rp) : held(op, rp, 'authorization_code'))
  return id
}

const members = { queue: 'wire-transfers', title: '4,200.00 EUR to Northwind Energy', dueIn: 7777, quorum: 2 }

describe.each(profiles)('%s profile', (profile) => {
  test('queue, title, quorum and the due time are in the record and in the deferral', async () => {
    observed.decide = () => members
    const id = await begin(profile)
    const { dueIn, ...others } = members
    const dueAt = new Date(op.clock.now().getTime() + dueIn * 1000)
    expect(await store.find(id, op.clock.now())).toMatchObject({ ...others, dueAt, wakeAt: expect.any(Date) })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ ...others, dueAt, overdue: false })
  })

  test('without them the deferral has no queue, no title, no quorum, and is never overdue', async () => {
    observed.decide = () => true
    const deferral = await op.provider.deferrals.get(await begin(profile))
    for (const name of ['queue', 'title', 'quorum', 'dueAt']) expect(deferral).not.toHaveProperty(name)
    expect(deferral).toMatchObject({ overdue: false })
  })

  test('the longest and the shortest values are accepted', async () => {
    for (const { dueIn, ...others } of [
      { queue: 'a', title: 'x', dueIn: 1, quorum: 1 },
      { queue: `${'q'.repeat(60)}0_.-`, title: 'ü'.repeat(200), dueIn: 315_360_000, quorum: 10 },
    ]) {
      observed.decide = () => ({ dueIn, ...others })
      expect(await op.provider.deferrals.get(await begin(profile))).toMatchObject(others)
    }
  })

  test.each([
    ['queue', ''],
    ['queue', 'q'.repeat(65)],
    ['queue', 'Payments'],
    ['queue', 'wire transfers'],
    ['queue', 7],
    ['queue', null],
    ['title', ''],
    ['title', 'x'.repeat(201)],
    ['title', 'two\nlines'],
    ['title', 'two\u2028lines'],
    ['title', 'a\u0007bell'],
    ['title', { text: 'x' }],
    ['dueIn', 0],
    ['dueIn', -1],
    ['dueIn', 1.5],
    ['dueIn', 315_360_001],
    ['dueIn', '60'],
    ['dueIn', new Date()],
    ['quorum', 0],
    ['quorum', 11],
    ['quorum', 1.5],
    ['quorum', '2'],
  ])('a wrong %s, %j, is a server error whose cause names it, and nothing is stored', async (name, value) => {
    observed.decide = () => ({ [name]: value })
    const causes: string[] = []
    const note = (_ctx: unknown, { cause }: Error) => causes.push((cause as Error).message)
    op.provider.on('server_error', note as never)
    const outcome = await added(op, () => refusedRequest(profile))
    op.provider.off('server_error', note as never)
    expect(outcome.result).toMatchObject({ status: 500, text: expect.stringContaining('server_error') })
    expect(outcome.result.text).not.toMatch(/defer:|must be|dueIn|quorum|TypeError/)
    expect(outcome.new).toEqual([])
    expect(causes).toEqual([expect.stringMatching(new RegExp(`^defer: ${name} must be `))])
  })
})

/** A request that `defer` breaks, and the whole answer to it. */
async function refusedRequest(profile: Profile): Promise<{ status: number; text: string }> {
  const rp = relyingParty(op.issuer)
  if (profile === 'oauth') {
    const { answer } = await request(rp, 'authorization_code')
    return { status: answer.status, text: JSON.stringify(answer.body) }
  }
  const { status, html } = await authorize(op, rp, { response_type: 'deferred_code code' })
  return { status, text: html }
}

describe('no answer to the client has anything of them', () => {
  const words = /wire-transfers|Northwind|queue|title|dueIn|dueAt|due_|quorum|7777/

  test('openid profile: the redirect, the exchange, polls, tokens, cancellation', async () => {
    observed.decide = () => ({ ...members, quorum: 1 })
    const rp = relyingParty(op.issuer)
    const landing = await authorize(op, rp)
    const code = landing.params.deferred_code as string
    const exchanged = await rp.exchange(code)
    const handle = exchanged.body.deferred_auth_id as string
    const pending = await rp.poll(handle)
    await op.provider.deferrals.approve(code.slice(0, 22), { by: 'robin' })
    const tokens = await rp.poll(handle)
    const { handle: another } = await waiting(op, rp)
    const cancelled = await rp.cancel(another)
    expect([pending.status, tokens.status, cancelled.status]).toEqual([400, 200, 200])
    const [, payload = ''] = (tokens.body.id_token as string).split('.')
    const claims = Buffer.from(payload, 'base64url').toString()
    expect(JSON.stringify([String(landing.url), exchanged, pending, tokens, cancelled, claims])).not.toMatch(words)
  })

  test('oauth profile: the first answer, polls, a denial', async () => {
    observed.decide = () => members
    const rp = relyingParty(op.issuer)
    const { answer, deferralCode, id } = await held(op, rp, 'authorization_code')
    const pending = await pollDeferral(rp, deferralCode)
    await op.provider.deferrals.deny(id, { by: 'robin' })
    const denied = await pollDeferral(rp, deferralCode)
    expect([answer.body.error, pending.body.error, denied.body.error]).toEqual([
      'authorization_pending',
      'authorization_pending',
      'access_denied',
    ])
    expect(JSON.stringify([answer, pending, denied])).not.toMatch(words)
  })
})
