import { type Change, type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { held } from '../support/deferral.js'
import { observedStore } from '../support/observed.js'
import type { TestProvider } from '../support/provider.js'
import { answering, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

/** Sweeps, and the writes about a notification: that the client has its handle is one without a history entry. */
function isNotifying(verb: string, [, change]: unknown[]): boolean {
  const event = (change as Change | undefined)?.entry?.event ?? 'notification'
  return verb === 'due' || (verb === 'swap' && /^noti/.test(event))
}

/** A store that does nothing for notifications while it is away. */
function leaving(inner: DeferralStore) {
  const state = { isAway: false, failures: 0 }
  const store = new Proxy(inner, {
    get(target, verb: keyof DeferralStore) {
      return async (...args: never[]) => {
        if (!state.isAway || !isNotifying(verb, args)) return (target[verb] as (...args: never[]) => unknown)(...args)
        state.failures += 1
        throw new Error('the database is away')
      }
    },
  })
  return { state, store }
}

describe('a store that is away', () => {
  const { state, store } = leaving(memoryStore())
  const warnings: string[] = []
  let fleet: Fleet
  let op: TestProvider

  beforeAll(async () => {
    fleet = await startFleet({ ...(await stocks.memory()), store })
    op = await fleet.start()
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  })

  afterAll(async () => {
    vi.restoreAllMocks()
    await fleet.close()
  })

  test('E-24 loses no notification, fails no decision and says so once', async () => {
    const rejections: unknown[] = []
    const note = (reason: unknown) => rejections.push(reason)
    process.on('unhandledRejection', note)
    const begun = await Promise.all(Array.from({ length: 40 }, () => fleet.begin(op)))
    fleet.clock.advance(2)
    state.isAway = true
    for (const { id } of begun) expect(await op.provider.deferrals.approve(id)).toMatchObject({ changed: true })
    // every wake, whose write is tried twice, and some sweeps
    await until(() => state.failures >= 2 * begun.length + 2)
    expect(fleet.receiver.arrivals).toEqual([])
    state.isAway = false
    await Promise.all(begun.map(({ id }) => fleet.settled(id, 'delivered')))
    expect(fleet.receiver.arrivals).toHaveLength(begun.length)
    process.off('unhandledRejection', note)
    expect(rejections).toEqual([])
    const fault = /: deferral store failed at \w+: the database is away$/
    expect(warnings.map((warning) => warning.replace(fault, '')).sort()).toEqual([
      'deferrals cannot be swept',
      'notifications have to wait',
    ])
  })

  test('C71 that could not be told that an answer is out sends when the hold ends', async () => {
    state.isAway = true
    state.failures = 0
    const { id } = await held(op, relyingParty(op.origin, 'other'), 'client_credentials')
    await until(() => state.failures > 0)
    state.isAway = false
    await op.provider.deferrals.deny(id)
    expect(await fleet.told(id)).toMatchObject({ status: 'owed', attempts: 0 })
    fleet.clock.advance(15)
    await fleet.settled(id, 'delivered')
  })
})

describe('a reply that is lost', () => {
  const observed = observedStore()
  let fleet: Fleet
  let op: TestProvider

  beforeAll(async () => {
    fleet = await startFleet({ ...(await stocks.memory()), store: observed.store })
    op = await fleet.start()
  })

  afterAll(() => fleet.close())
  afterEach(() => {
    fleet.receiver.behave = answering(204)
  })

  async function sent(arrange: () => void) {
    const { id } = await fleet.begin(op)
    fleet.clock.advance(2)
    const events: string[] = []
    op.provider.on('deferral.notified', (deferral) => deferral.id === id && events.push('notified'))
    op.provider.on('deferral.notification_failed', (deferral) => deferral.id === id && events.push('failed'))
    arrange()
    await op.provider.deferrals.approve(id)
    return { id, events }
  }

  test.each(['before', 'after'] as const)(
    'of a settlement (%s the write) costs no second notification, and no second event',
    async (when) => {
      const { id, events } = await sent(() => observed.failNext('swap notified', when))
      await fleet.settled(id, 'delivered')
      await until(() => events.length > 0)
      expect([fleet.heard(id).length, events]).toEqual([1, ['notified']])
    },
  )

  test('of a settlement that gives up is a dead letter all the same, told once', async () => {
    fleet.receiver.behave = answering(404)
    const { id, events } = await sent(() => observed.failNext('swap notification_failed', 'after'))
    await fleet.settled(id, 'failed')
    await until(() => events.length > 0)
    expect([fleet.heard(id).length, events]).toEqual([1, ['failed']])
  })

  test('of both attempts at a settlement has it sent again when the lease ends', async () => {
    const { id } = await sent(() => {
      observed.failNext('swap notified')
      observed.failNext('swap notified')
    })
    await fleet.receiver.arrived(1)
    await until(() => fleet.heard(id).length === 1)
    fleet.clock.advance(9.9)
    expect(await fleet.told(id)).toMatchObject({ status: 'owed', attempts: 1 })
    fleet.clock.advance(0.1)
    await fleet.settled(id, 'delivered')
    expect(fleet.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1', '2'])
  })

  test('of a lease costs nothing', async () => {
    const { id } = await sent(() => observed.failNext('swap notification_attempted', 'after'))
    expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 1, fence: 1 })
    expect(fleet.heard(id)).toHaveLength(1)
  })

  test('of a lease, and of the look whether it was written, has it sent by whoever leases it next', async () => {
    const { id } = await sent(() => {
      observed.failNext('swap notification_attempted', 'after')
      observed.failNext('find in doubt')
    })
    await until(async () => (await fleet.told(id)).attempts === 1)
    expect(fleet.heard(id)).toEqual([])
    fleet.clock.advance(10)
    await fleet.settled(id, 'delivered')
    expect(fleet.heard(id)).toHaveLength(1)
  })
})

test('a batch of leases without an answer costs no attempt: each is looked up and sent', async () => {
  const inner = memoryStore()
  let isHung = true
  const store: DeferralStore = {
    ...inner,
    swapAll(swaps) {
      if (!isHung) return Promise.all(swaps.map((swap) => inner.swap(swap.before, swap.change, swap.writeId, swap.now)))
      isHung = false
      return new Promise(() => {})
    },
  }
  const fleet = await startFleet({ ...(await stocks.memory()), store })
  const op = await fleet.start()
  const begun = await Promise.all(Array.from({ length: 4 }, () => fleet.begin(op)))
  fleet.clock.advance(2)
  await Promise.all(begun.map(({ id }) => op.provider.deferrals.approve(id)))
  for (const { id } of begun) expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 1 })
  expect(isHung).toBe(false)
  expect(fleet.receiver.arrivals).toHaveLength(begun.length)
  await fleet.close()
})
