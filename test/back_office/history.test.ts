import { type Deferral, type DeferralStore, type Deferrals, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo, useMongoStore } from '../support/database.js'
import { authorizationCode, pollDeferral, redeem } from '../support/deferral.js'
import { deferred, waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

const opted = { completion_mode: 'deferred' }

function keepsHistory(open: () => DeferralStore): void {
  let op: TestProvider
  let deferrals: Deferrals
  const events: [name: string, deferral: Deferral][] = []

  beforeAll(async () => {
    op = await startProvider({ deferred: { store: open(), defer: () => true } })
    deferrals = op.provider.deferrals
    for (const name of ['assigned', 'commented', 'approved'] as const)
      op.provider.on(`deferral.${name}`, (deferral) => events.push([name, deferral]))
  })
  afterAll(() => op.close())

  const rp = () => relyingParty(op.issuer)
  const historyOf = async (id: string) => (await deferrals.get(id))!.history
  const last = async (id: string) => (await historyOf(id)).at(-1)
  const named = (id: string) => events.filter(([, deferral]) => deferral.id === id).map(([name]) => name)

  async function oauth(): Promise<{ id: string; code: string; handle: string }> {
    // the newest of all: no other one has this instant
    op.clock.advance(1)
    const code = await authorizationCode(rp())
    const { body } = await redeem(rp(), code, opted)
    const { deferrals: newest } = await deferrals.list({ limit: 1 })
    return { id: newest[0]!.id, code, handle: body.deferral_code }
  }

  test('is what happened, oldest first: when, who, and a few facts', async () => {
    const { code, id } = await deferred(op, rp(), { request: { scope: 'openid email' } })
    const start = op.clock.now()
    const { body } = await rp().exchange(code)
    op.clock.advance(1)
    await deferrals.assign(id, { to: 'robin', by: 'kim' })
    await deferrals.progress(id, { step: 'review', by: 'robin' })
    await deferrals.comment(id, { by: ['robin', 'kim'], text: 'looks fine' })
    await deferrals.unassign(id, { by: 'kim' })
    await deferrals.extend(id, { expiresIn: 60, by: 'kim' })
    const { changed } = await deferrals.approve(id, { by: ['robin', 'kim'], scope: 'openid', note: 'fine' })
    expect(changed).toBe(true)
    expect((await rp().poll(body.deferred_auth_id)).status).toBe(200)
    const at = op.clock.now()
    const until = new Date(at.getTime() + 900_000)
    expect(await historyOf(id)).toStrictEqual([
      { at: start, event: 'created' },
      { at: start, event: 'exchanged' },
      { at, event: 'assigned', by: 'kim', to: 'robin', until },
      { at, event: 'progress', step: 'review', by: 'robin' },
      { at, event: 'commented', by: ['robin', 'kim'], text: 'looks fine' },
      { at, event: 'unassigned', by: 'kim', from: 'robin' },
      { at, event: 'extended', expiresAt: new Date(at.getTime() + 60_000), by: 'kim' },
      { at, event: 'approved', by: ['robin', 'kim'], narrowed: ['scope'] },
      { at, event: 'redeemed' },
    ])
    expect((await deferrals.get(id))?.decision).toMatchObject({ by: ['robin', 'kim'], note: 'fine' })
    expect(named(id)).toEqual(['assigned', 'commented', 'approved'])
  })

  test('has the host of a page, and not its address', async () => {
    const { id } = await oauth()
    await deferrals.requireInteraction(id, { uri: 'https://op.example/confirm/secret?x=secret', by: 'kim' })
    await deferrals.resume(id, { by: ['kim'] })
    expect((await historyOf(id)).slice(-2)).toMatchObject([
      { event: 'interaction_required', host: 'op.example', by: 'kim' },
      { event: 'resumed', by: ['kim'] },
    ])
    expect(JSON.stringify(await historyOf(id))).not.toContain('secret')
  })

  test('tells a cancellation by the client, by an operator, and a second use of a code apart', async () => {
    const byClient = await waiting(op, rp())
    await rp().cancel(byClient.handle)
    expect(await last(byClient.id)).toStrictEqual({ at: op.clock.now(), event: 'cancelled', isByClient: true })

    const byOperator = await waiting(op, rp())
    await deferrals.cancel(byOperator.id, { by: ['robin', 'kim'] })
    expect(await deferrals.get(byOperator.id)).toMatchObject({ cancelledBy: ['robin', 'kim'] })
    expect(await last(byOperator.id)).toMatchObject({ event: 'cancelled', by: ['robin', 'kim'] })

    const openid = await deferred(op, rp())
    await rp().exchange(openid.code)
    await rp().exchange(openid.code)
    const reused = { event: 'cancelled', reason: 'code.reused' }
    expect(await last(openid.id)).toStrictEqual({ at: op.clock.now(), ...reused })

    const { id, code } = await oauth()
    await redeem(rp(), code, opted)
    expect(await last(id)).toStrictEqual({ at: op.clock.now(), ...reused })
    for (const one of [openid.id, id]) {
      expect(await deferrals.get(one)).toMatchObject({ status: 'cancelled', cancellationReason: 'code.reused' })
      expect(await deferrals.get(one)).not.toHaveProperty('cancelledBy')
    }
  })

  test('holds no handle, no hash, no token and no id of a write, and is a copy', async () => {
    const { code, id } = await deferred(op, rp())
    const { body } = await rp().exchange(code)
    await deferrals.approve(id, { note: 'a note for colleagues' })
    const { body: tokens } = await rp().poll(body.deferred_auth_id)
    const history = await historyOf(id)
    const text = JSON.stringify(history)
    for (const handle of [code, body.deferred_auth_id]) expect(text).not.toContain(handle.slice(22))
    for (const secret of [tokens.access_token, tokens.id_token, 'a note for colleagues', 'alice', 'writeId', 'Hash'])
      expect(text).not.toContain(secret)
    const untouched = structuredClone(history)
    for (const entry of history) Object.assign(entry, { event: 'nothing' })
    expect(await historyOf(id)).toEqual(untouched)
  })

  test('is listed only where it is asked for, and events and the other methods do not have it', async () => {
    op.clock.advance(1)
    const { id } = await waiting(op, rp())
    const { deferral } = await deferrals.assign(id, { to: 'robin' })
    expect(deferral).not.toHaveProperty('history')
    expect(events.at(-1)?.[1]).toEqual(deferral)
    const plain = (await deferrals.list({ limit: 3 })).deferrals
    for (const one of plain) expect(one).not.toHaveProperty('history')
    const { deferrals: whole, cursor } = await deferrals.list({ limit: 3, history: true })
    expect(whole.map(({ history, ...one }) => one)).toEqual(plain)
    expect(whole[0]?.history?.map(({ event }) => event)).toEqual(['created', 'exchanged', 'assigned'])
    expect(whole[0]).toEqual(await deferrals.get(id))
    expect(cursor).toEqual(expect.any(String))
    expect(await deferrals.list({ limit: 3, history: false })).toEqual(await deferrals.list({ limit: 3 }))
  })

  test('nothing of colleagues reaches the client', async () => {
    const { id, handle } = await oauth()
    await deferrals.assign(id, { to: 'robin', by: 'kim' })
    await deferrals.comment(id, { by: 'kim', text: 'a remark' })
    await deferrals.progress(id, { step: 'review', by: 'kim' })
    await deferrals.requireInteraction(id, { uri: 'https://op.example/confirm', by: 'kim' })
    const asked = await pollDeferral(rp(), handle)
    expect(asked.body).toMatchObject({ error: 'interaction_required' })
    await deferrals.resume(id, { by: 'kim' })
    op.clock.advance(10)
    const pending = await pollDeferral(rp(), handle)
    expect(pending.body).toMatchObject({ error: 'authorization_pending', progress: { step: 'review' } })
    await deferrals.deny(id, { by: 'kim', description: 'no' })
    op.clock.advance(10)
    const denied = await pollDeferral(rp(), handle)
    expect(denied.body).toMatchObject({ error: 'access_denied' })
    const text = JSON.stringify([asked.body, pending.body, denied.body])
    for (const secret of ['kim', 'robin', 'a remark']) expect(text).not.toContain(secret)
  })
}

describe('the history in memory', () => {
  const store = memoryStore()
  keepsHistory(() => store)
})

describeMongo('the history in MongoDB', () => keepsHistory(useMongoStore()))
