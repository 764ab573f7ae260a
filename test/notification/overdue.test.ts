import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeMongo } from '../support/database.js'
import { held, pollDeferral, whoeverCan } from '../support/deferral.js'
import { waiting } from '../support/journey.js'
import { type TestProvider, withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const dueIn = 600
const day = 86_400
const defer = (...args: Parameters<typeof whoeverCan>) => whoeverCan(...args) && { dueIn }

/** Three nodes of one deployment. */
function nodes(kind: keyof typeof stocks): void {
  let fleet: Fleet
  let op: TestProvider
  let announced: string[]
  let sweeps: number

  beforeEach(async () => {
    announced = []
    sweeps = 0
    const stock = await stocks[kind]()
    const due: DeferralStore['due'] = (...args) => {
      sweeps += 1
      return stock.store.due(...args)
    }
    fleet = await startFleet({ ...stock, store: { ...stock.store, due } })
    const started = [await fleet.start({ defer }), await fleet.start({ defer }), await fleet.start({ defer })]
    op = started[0] as TestProvider
    for (const { provider } of started)
      for (const event of ['overdue', 'expired'] as const)
        provider.on(`deferral.${event}`, ({ id, overdue }) => announced.push(`${event} ${id} ${overdue}`))
  })

  afterEach(() => fleet.close())

  /** Resolves when each node has looked again. */
  async function swept(): Promise<void> {
    const before = sweeps
    await until(() => sweeps > before + 9)
  }

  async function eventsOf(id: string): Promise<string[]> {
    return (await fleet.store.history(id)).map(({ event }) => event)
  }

  test('a pending one past its due time is noted and announced once, and can still be decided', async () => {
    const { deferrals } = op.provider
    const { id, deferralCode } = await fleet.begin(op)
    fleet.clock.advance(dueIn - 1)
    await swept()
    expect(await deferrals.get(id)).toMatchObject({ overdue: false })
    expect(announced).toEqual([])
    fleet.clock.advance(1)
    expect(await deferrals.get(id)).toMatchObject({ overdue: true, status: 'pending' })
    await until(() => announced.length > 0)
    await swept()
    expect(announced).toEqual([`overdue ${id} true`])
    expect(await eventsOf(id)).toEqual(['created', 'overdue'])
    expect(await fleet.record(id)).toMatchObject({ overdueAt: fleet.clock.now() })

    expect(await deferrals.approve(id)).toMatchObject({ changed: true, deferral: { overdue: false } })
    await fleet.settled(id, 'delivered')
    expect((await pollDeferral(relyingParty(op.origin), deferralCode)).status).toBe(200)
  })

  test('it expires in its time', async () => {
    const { id } = await fleet.begin(op)
    fleet.clock.advance(dueIn)
    await until(() => announced.length > 0)
    fleet.clock.advance(day)
    await until(() => announced.length > 1)
    expect(announced).toEqual([`overdue ${id} true`, `expired ${id} false`])
    expect(await fleet.record(id)).not.toHaveProperty('wakeAt')
  })

  test('after a decision, a denial, a cancellation or the expiry none is overdue', async () => {
    const { deferrals } = op.provider
    const [approved, denied, cancelled, expired] = [
      await fleet.begin(op),
      await fleet.begin(op),
      await fleet.begin(op),
      await fleet.begin(op),
    ]
    await deferrals.approve(approved.id)
    await deferrals.deny(denied.id)
    await deferrals.cancel(cancelled.id)
    await deferrals.extend(expired.id, { expiresIn: dueIn - 1 })
    fleet.clock.advance(dueIn)
    await until(() => announced.length > 0)
    await swept()
    expect(announced).toEqual([`expired ${expired.id} false`])
    for (const { id } of [approved, denied, cancelled, expired]) {
      expect(await eventsOf(id)).not.toContain('overdue')
      expect(await deferrals.get(id)).toMatchObject({ overdue: false })
    }
  })

  test('an extension moves the expiry, and not the due time', async () => {
    const { deferrals } = op.provider
    const { id } = await fleet.begin(op)
    const { dueAt } = (await deferrals.get(id))!
    fleet.clock.advance(dueIn / 2)
    const { deferral } = await deferrals.extend(id, { expiresIn: 2 * day })
    expect(deferral.dueAt).toEqual(dueAt)
    fleet.clock.advance(dueIn / 2)
    await until(() => announced.length > 0)
    expect(announced).toEqual([`overdue ${id} true`])
    await deferrals.extend(id, { expiresIn: 3 * day })
    await swept()
    expect(await deferrals.get(id)).toMatchObject({ dueAt, overdue: true })
    expect(announced).toHaveLength(1)
  })
}

describe('nodes that share a memory', () => nodes('memory'))
describeMongo('nodes that share a database', () => nodes('MongoDB'))

test('one that nobody has looked at until it expired is expired, and not overdue', async () => {
  await withProvider({ deferred: { defer } }, async (op) => {
    const announced: string[] = []
    for (const event of ['overdue', 'expired'] as const)
      op.provider.on(`deferral.${event}`, () => announced.push(event))
    await held(op, relyingParty(op.issuer), 'client_credentials')
    op.clock.advance(day)
    await until(() => announced.length > 0)
    expect(announced).toEqual(['expired'])
  })
})

describe('while the writes of a sweep hang', () => {
  const inner = memoryStore()
  let hanging: string[]
  let release: (() => void)[]
  let isOver: boolean
  const store: DeferralStore = {
    ...inner,
    swap(before, change, ...rest) {
      const { event = '' } = change.entry ?? {}
      if (isOver || (event !== 'overdue' && event !== 'expired')) return inner.swap(before, change, ...rest)
      hanging.push(`${event} ${before.id}`)
      return new Promise((resolve) => release.push(() => resolve(undefined)))
    },
  }

  beforeEach(() => {
    hanging = []
    release = []
    isOver = false
  })

  test('polls, decisions and redemptions of the same deferrals do not wait for them', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    await withProvider({ deferred: { store, defer } }, async (op) => {
      const rp = relyingParty(op.issuer)
      const { id, deferralCode } = await held(op, rp, 'client_credentials')
      const openid = await waiting(op, rp)
      op.clock.advance(dueIn)
      await until(() => hanging.length === 2)
      const startedAt = performance.now()
      expect((await pollDeferral(rp, deferralCode)).body.error).toBe('authorization_pending')
      expect((await rp.poll(openid.handle)).body.error).toBe('authorization_pending')
      expect(await op.provider.deferrals.get(id)).toMatchObject({ overdue: true })
      expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
      expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
      op.clock.advance(day)
      expect((await rp.poll(openid.handle)).body.error).toBe('expired_token')
      // the next transition of a deferral waits ten seconds for one that hangs: none of these has waited
      expect(performance.now() - startedAt).toBeLessThan(5000)
      expect(hanging.sort()).toEqual([`overdue ${id}`, `overdue ${openid.id}`].sort())
      isOver = true
      for (const end of release) end()
    })
    warned.mockRestore()
  }, 60_000)
})
