import type { Deferral, Transition } from 'oidc-provider-deferred'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TestProvider } from '../../support/provider.js'
import { type Kind, kinds, startDeciding, type WaitingRequest, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider
const events: [name: string, deferral: Deferral][] = []

beforeAll(async () => {
  op = await startDeciding({ ttl: { deferral: 600 } })
  for (const name of ['created', 'exchanged', 'approved', 'denied', 'cancelled', 'redeemed'] as const) {
    op.provider.on(`deferral.${name}`, (deferral) => events.push([name, deferral]))
  }
})
afterAll(() => op.close())
beforeEach(() => {
  events.length = 0
})

const uri = 'https://op.example/confirm'

const changes: Record<string, (id: string) => Promise<Transition>> = {
  approve: (id) => op.provider.deferrals.approve(id, { by: 'carol', note: 'a secret note' }),
  deny: (id) => op.provider.deferrals.deny(id, { by: 'carol', note: 'a secret note', description: 'too much' }),
  progress: (id) => op.provider.deferrals.progress(id, { step: 'review' }),
  cancel: (id) => op.provider.deferrals.cancel(id, { by: 'carol' }),
  requireInteraction: (id) => op.provider.deferrals.requireInteraction(id, { uri }),
  resume: (id) => op.provider.deferrals.resume(id),
}

/** What becomes of a request, and what a poll hears then. */
const paths: [ids: string, path: string[], answer: string][] = [
  ['', [], 'authorization_pending'],
  ['', ['requireInteraction'], 'interaction_required'],
  ['', ['requireInteraction', 'resume'], 'authorization_pending'],
  ['I-060', ['approve'], 'tokens'],
  ['I-060', ['requireInteraction', 'approve'], 'tokens'],
  ['I-061', ['deny'], 'access_denied'],
  ['I-061', ['requireInteraction', 'deny'], 'access_denied'],
  ['I-061', ['cancel'], 'access_denied'],
  ['I-061', ['approve', 'cancel'], 'access_denied'],
  ['I-062 I-067', ['approve', 'poll'], 'invalid_grant'],
  ['', ['wait'], 'expired_token'],
  ['', ['approve', 'wait'], 'expired_token'],
]

async function reach(kind: Kind, path: string[]): Promise<WaitingRequest> {
  const request = await waitingRequest(op, kind, { scope: kind === 'client_credentials' ? 'payments' : 'openid email' })
  for (const step of path) {
    if (step === 'poll') await request.poll()
    else if (step === 'wait') op.clock.advance(600)
    else expect(await changes[step]?.(request.id)).toMatchObject({ changed: true })
  }
  return request
}

test.each(paths)('%s after %j a poll hears %s', async (_ids, path, expected) => {
  const { id, poll } = await reach('client_credentials', path)
  const { status, body } = await poll()
  const isToken = expected === 'tokens'
  expect({ status, error: body.error }).toEqual(isToken ? { status: 200 } : { status: 400, error: expected })
  expect(body).not.toHaveProperty(isToken ? 'error' : 'access_token')
  expect(JSON.stringify(body)).not.toMatch(/carol|secret note/)
  expect(JSON.stringify(body)).not.toContain(id)
})

describe('client_credentials', () => {
  const kind = 'client_credentials'

  test('a denial carries the description of the reviewer', async () => {
    const { poll } = await reach(kind, ['deny'])
    expect((await poll()).body).toEqual({
      error: 'access_denied',
      error_description: 'too much',
      reason: 'too much',
    })
  })

  test('the events are those of a deferral’s life, without an exchange', async () => {
    const { id, poll } = await reach(kind, ['progress', 'requireInteraction', 'resume', 'approve'])
    await poll()
    expect(events.map(([name, deferral]) => [name, deferral.id])).toEqual([
      ['created', id],
      ['approved', id],
      ['redeemed', id],
    ])
  })

  test('E-40 a decision decides one deferral', async () => {
    const [first, second] = [await reach(kind, []), await reach(kind, [])]
    await op.provider.deferrals.approve(first.id)
    expect((await second.poll()).body.error).toBe('authorization_pending')
    expect((await first.poll()).status).toBe(200)
    expect(await op.provider.deferrals.get(second.id)).toMatchObject({ status: 'pending' })
  })
})

describe.each(kinds.filter((kind) => kind !== 'openid'))('%s', (kind) => {
  test('is described by what was asked for, and never by its handle', async () => {
    const { id, poll } = await reach(kind, ['approve'])
    const deferral = await op.provider.deferrals.get(id)
    const isMachine = kind === 'client_credentials'
    expect(deferral).toMatchObject({
      id,
      profile: 'oauth',
      status: 'approved',
      expired: false,
      clientId: 'secret',
      grantType: kind,
      scope: isMachine ? ['payments'] : ['openid', 'email'],
      resource: [],
      createdAt: op.clock.now(),
      exchangedAt: op.clock.now(),
      decidedAt: op.clock.now(),
      decision: { by: 'carol', note: 'a secret note', at: op.clock.now() },
    })
    expect(deferral?.accountId).toBe(isMachine ? undefined : 'alice')
    expect(deferral?.expiresAt.getTime()).toBe(op.clock.now().getTime() + 600_000)
    const grant = await op.provider.Grant.find(deferral?.grantId ?? '')
    expect(grant?.accountId).toBe(deferral?.accountId)
    await poll()
    for (const [, { grantId, ...one }] of events) {
      expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['handleHash']))
      expect(Object.keys(one)).not.toEqual(expect.arrayContaining(['source']))
      expect(JSON.stringify(one)).not.toMatch(/[\w-]{43,}/)
    }
  })
})

describe('both profiles side by side', () => {
  test('a console lists them together, newest first, by status, client and account', async () => {
    op.clock.advance(10_000)
    const made: string[] = []
    for (const kind of [...kinds, ...kinds]) {
      op.clock.advance(1)
      made.unshift((await reach(kind, made.length < kinds.length ? ['approve'] : [])).id)
    }
    const listed = async (query: object) => (await op.provider.deferrals.list({ limit: 100, ...query })).deferrals
    const ids = (deferrals: Deferral[]) => deferrals.map(({ id }) => id).filter((id) => made.includes(id))
    const all = (await listed({})).filter(({ id }) => made.includes(id))
    expect(ids(all)).toEqual(made)
    expect(all.map(({ grantType }) => grantType)).toEqual(
      [...kinds, ...kinds].reverse().map((kind) => (kind === 'openid' ? undefined : kind)),
    )
    expect(new Set(all.map(({ profile }) => profile))).toEqual(new Set(['openid', 'oauth']))
    expect(ids(await listed({ status: 'pending' }))).toEqual(made.slice(0, kinds.length))
    expect(ids(await listed({ status: 'approved' }))).toEqual(made.slice(kinds.length))
    expect(ids(await listed({ clientId: 'secret' }))).toEqual(made)
    expect(ids(await listed({ clientId: 'other' }))).toEqual([])
    const machines = all.filter(({ grantType }) => grantType === 'client_credentials').map(({ id }) => id)
    expect(ids(await listed({ accountId: 'alice' }))).toEqual(made.filter((id) => !machines.includes(id)))
  })

  test('page by page', async () => {
    op.clock.advance(10_000)
    const made: string[] = []
    for (const kind of kinds) made.push((await reach(kind, [])).id)
    const first = await op.provider.deferrals.list({ limit: 2 })
    const { cursor } = first as { cursor: string }
    const second = await op.provider.deferrals.list({ limit: 2, cursor })
    expect([...first.deferrals, ...second.deferrals].map(({ id }) => id).sort()).toEqual(made.sort())
  })

  test('an interaction is of the oauth profile alone', async () => {
    const { id } = await reach('openid', [])
    await expect(op.provider.deferrals.requireInteraction(id, { uri })).rejects.toThrow(TypeError)
    await expect(op.provider.deferrals.resume(id)).rejects.toThrow(TypeError)
  })
})
