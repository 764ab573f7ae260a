import type { Approval, Deferral, Deferrals, Transition } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approved, deferred, waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

let op: TestProvider
let deferrals: Deferrals
const events: [name: string, deferral: Deferral][] = []

beforeAll(async () => {
  op = await startProvider({ deferred: { ttl: { deferral: 600 } } })
  deferrals = op.provider.deferrals
  for (const name of [
    'created',
    'exchanged',
    'assigned',
    'commented',
    'approved',
    'denied',
    'cancelled',
    'redeemed',
  ] as const) {
    op.provider.on(`deferral.${name}`, (deferral) => events.push([name, deferral]))
  }
})

afterAll(() => op.close())

const rp = () => relyingParty(op.issuer)
const named = (id: string) => events.filter(([, deferral]) => deferral.id === id).map(([name]) => name)

const changes: Record<string, (id: string) => Promise<Transition>> = {
  approve: (id) => deferrals.approve(id, { by: 'carol' }),
  deny: (id) => deferrals.deny(id, { by: 'carol' }),
  progress: (id) => deferrals.progress(id, { step: 'review' }),
  cancel: (id) => deferrals.cancel(id, { by: 'carol' }),
  extend: (id) => deferrals.extend(id, { expiresIn: 7200 }),
  assign: (id) => deferrals.assign(id, { to: 'carol' }),
  comment: (id) => deferrals.comment(id, { by: 'carol', text: 'a comment' }),
}

const states: Record<string, () => Promise<string>> = {
  unexchanged: async () => (await deferred(op, rp())).id,
  pending: async () => (await waiting(op, rp())).id,
  approved: async () => (await approved(op, rp())).id,
  denied: async () => after(states.pending!, (id) => deferrals.deny(id)),
  cancelled: async () => after(states.pending!, (id) => deferrals.cancel(id)),
  redeemed: async () => {
    const { handle, id } = await approved(op, rp())
    await rp().poll(handle)
    return id
  },
  expired: async () => after(states.pending!, async () => op.clock.advance(600)),
}

async function after(state: () => Promise<string>, change: (id: string) => Promise<unknown>): Promise<string> {
  const id = await state()
  await change(id)
  return id
}

describe('every method in every state', () => {
  const allowed: [state: string, methods: string[]][] = [
    ['unexchanged', ['approve', 'deny', 'progress', 'cancel', 'assign', 'comment']],
    ['pending', ['approve', 'deny', 'progress', 'cancel', 'extend', 'assign', 'comment']],
    ['approved', ['cancel', 'extend', 'comment']],
    ['denied', ['comment']],
    ['cancelled', ['comment']],
    ['redeemed', ['comment']],
    ['expired', ['cancel', 'comment']],
  ]
  const table = allowed.flatMap(([state, methods]) =>
    Object.keys(changes).map((method) => [method, state, methods.includes(method)] as const),
  )

  test.each(table)('I5 %s of a deferral that is %s changes it: %s', async (method, state, expected) => {
    const id = await states[state]!()
    const before = await deferrals.get(id)
    const seen = named(id).length
    const { changed, deferral } = await changes[method]!(id)
    expect(changed).toBe(expected)
    const after = await deferrals.get(id)
    expect({ ...deferral, history: after?.history }).toEqual(after)
    if (!expected) expect(after).toEqual(before)
    const announced = expected && !['progress', 'extend'].includes(method) ? 1 : 0
    expect(named(id).length - seen).toBe(announced)
  })

  test.each(Object.keys(changes))('%s of an unknown id is ERR_DEFERRAL_NOT_FOUND', async (method) => {
    for (const unknown of ['x'.repeat(22), '', 'nonsense']) {
      await expect(changes[method]!(unknown)).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
    }
    expect(await deferrals.get('x'.repeat(22))).toBeUndefined()
  })

  test('a handle is not an id', async () => {
    const { handle } = await waiting(op, rp())
    expect(await deferrals.get(handle)).toBeUndefined()
    await expect(deferrals.approve(handle)).rejects.toMatchObject({ code: 'ERR_DEFERRAL_NOT_FOUND' })
  })
})

describe('what is recorded', () => {
  test('of an approval', async () => {
    const id = await states.pending!()
    const approval: Approval = { by: 'carol', note: 'fine', acr: '2', amr: ['doc'], authTime: 7, scope: 'openid' }
    await deferrals.approve(id, approval)
    expect(await deferrals.get(id)).toMatchObject({
      status: 'approved',
      decidedAt: op.clock.now(),
      decision: { ...approval, scope: ['openid'], at: op.clock.now() },
    })
  })

  test('of a denial, and a second decision never replaces the first', async () => {
    const id = await states.pending!()
    await deferrals.deny(id, { by: 'carol', note: 'forged', description: 'no' })
    op.clock.advance(10)
    const { changed, deferral } = await deferrals.approve(id, { by: 'dave' })
    expect(changed).toBe(false)
    expect(deferral.decision).toMatchObject({ by: 'carol', note: 'forged', description: 'no' })
  })

  test('O-110 of a cancellation by an operator', async () => {
    const id = await states.pending!()
    await deferrals.cancel(id, { by: 'carol' })
    expect(await deferrals.get(id)).toMatchObject({ status: 'cancelled', cancelledAt: op.clock.now() })
  })

  test('what an unfinished deferral is described by', async () => {
    const { id } = await waiting(op, rp(), { request: { scope: 'openid email' } })
    expect(await deferrals.get(id)).toEqual({
      id,
      profile: 'openid',
      status: 'pending',
      expired: false,
      overdue: false,
      clientId: 'secret',
      accountId: 'alice',
      grantId: expect.any(String),
      scope: ['openid', 'email'],
      resource: [],
      context: {},
      createdAt: expect.any(Date),
      exchangedAt: expect.any(Date),
      expiresAt: expect.any(Date),
      history: [
        { at: expect.any(Date), event: 'created' },
        { at: expect.any(Date), event: 'exchanged' },
      ],
    })
  })

  test('16 decisions at once: one changes, the others see it', async () => {
    const id = await states.pending!()
    const decide = (n: number) => (n % 2 ? deferrals.approve(id, { by: `${n}` }) : deferrals.deny(id, { by: `${n}` }))
    const all = await Promise.all(Array.from({ length: 16 }, (_, n) => decide(n)))
    expect(all.filter(({ changed }) => changed)).toHaveLength(1)
    expect(new Set(all.map(({ deferral }) => deferral.decision?.by)).size).toBe(1)
    expect(named(id)).toHaveLength(3)
  })
})

describe('events', () => {
  test('tell of the life of a deferral once each, in order, after the write, and never of a handle', async () => {
    const states: unknown[] = []
    const { code, id } = await deferred(op, rp())
    op.provider.on('deferral.approved', async (deferral) => {
      if (deferral.id === id) states.push((await deferrals.get(id))?.status)
    })
    const { body } = await rp().exchange(code)
    await deferrals.approve(id)
    const { body: tokens } = await rp().poll(body.deferred_auth_id)
    expect(named(id)).toEqual(['created', 'exchanged', 'approved', 'redeemed'])
    expect(states).toEqual(['approved'])
    const told = JSON.stringify(events)
    const secrets = [code, body.deferred_auth_id].map((handle) => handle.slice(22))
    for (const secret of [...secrets, tokens.access_token, tokens.id_token]) expect(told).not.toContain(secret)
    expect(told).not.toMatch(/"(codeHash|handleHash)"/)
  })

  test('tell of a cancellation by the client as of one by an operator', async () => {
    const { handle, id } = await waiting(op, rp())
    await rp().cancel(handle)
    expect(named(id)).toEqual(['created', 'exchanged', 'cancelled'])
  })
})
