import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestProvider } from '../support/provider.js'
import { answering, type Behaviour } from '../support/receiver.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

// seconds: far below the ten that a close with something to wait for may take
const atOnce = 5

// seconds: far above them; after so many an orchestrator kills
const patience = 30

const fleets: Fleet[] = []

/** A fleet whose first notification is on its way. */
async function sending(
  behave: Behaviour,
  store = memoryStore(),
): Promise<{ fleet: Fleet; op: TestProvider; id: string }> {
  const fleet = await startFleet({ ...(await stocks.memory()), store }, { behave })
  fleets.push(fleet)
  const op = await fleet.start()
  const { id } = await fleet.begin(op)
  fleet.clock.advance(2)
  await op.provider.deferrals.approve(id)
  await fleet.receiver.arrived(1)
  return { fleet, op, id }
}

async function timed(work: Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work
  return (performance.now() - begun) / 1000
}

/** A store that never answers a write with this history entry. */
function stuckAt(event: string, forever: Promise<undefined>): DeferralStore {
  const store = memoryStore()
  return { ...store, swap: (...args) => (args[1].entry?.event === event ? forever : store.swap(...args)) }
}

/** A node that is about to end what expired, and still sends what another one decided. */
async function ending(store: DeferralStore): Promise<{ op: TestProvider }> {
  const fleet = await startFleet({ ...(await stocks.memory()), store })
  fleets.push(fleet)
  const silent = await fleet.start({ notification: { worker: false } })
  await silent.provider.deferrals.close()
  await fleet.begin(silent)
  fleet.clock.advance(86_400)
  const op = await fleet.start()
  for (let n = 0; n < 2; n++) {
    const { id } = await fleet.begin(silent)
    await silent.provider.deferrals.deny(id)
    fleet.clock.advance(2)
    await fleet.settled(id, 'delivered')
  }
  return { op }
}

/** Closes a node whose receiver never answers, and those whose store never does; resolves to how long that took. */
async function closedWhileHanging() {
  let release: (nothing: undefined) => void = () => undefined
  const forever = new Promise<undefined>((resolve) => {
    release = resolve
  })
  const hanging = await sending(() => undefined)
  const stuck = [await sending(answering(204), stuckAt('notified', forever)), await ending(stuckAt('expired', forever))]
  const [receiver, ...stores] = await Promise.all(
    [hanging, ...stuck].map(({ op }) => timed(op.provider.deferrals.close())),
  )
  release(undefined)
  return { receiver, stores, hanging }
}

/** What a process with a worker, and nothing else to do, writes before it ends. */
async function lastWords(close: string): Promise<string> {
  const script = `
    import { memoryStore, Provider } from 'oidc-provider-deferred'
    const deferredTokenResponse = { store: memoryStore(), keys: [new Uint8Array(32).fill(1)] }
    const provider = new Provider('https://op.example', { features: { deferredTokenResponse } })
    ${close}
    // two sweeps on, and then there is nothing left to do
    setTimeout(() => console.log('done'), 2500)
  `
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 120_000 })
  return (await run).stdout
}

describe('close', () => {
  // these take their time: they are awaited last
  let hung: ReturnType<typeof closedWhileHanging>
  let processes: Promise<string[]>

  beforeAll(() => {
    hung = closedWhileHanging()
    processes = Promise.all(['', 'await provider.deferrals.close()'].map(lastWords))
  })

  afterAll(async () => {
    await Promise.all(fleets.map((fleet) => fleet.close()))
  })

  test('waits for the attempt under way and for what it has to write, however often it is called', async () => {
    let answer: () => void = () => undefined
    const { fleet, op, id } = await sending((response) => {
      answer = () => response.writeHead(204).end()
    })
    const closed: number[] = []
    const closes = [1, 2].map((nth) => op.provider.deferrals.close().then(() => closed.push(nth)))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(closed).toEqual([])
    answer()
    await Promise.all(closes)
    expect(await fleet.told(id)).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(await timed(op.provider.deferrals.close())).toBeLessThan(atOnce)
  })

  test('takes nothing new on, and leaves it to others', async () => {
    const { fleet, op, id } = await sending(answering(503))
    const waits = await fleet.begin(op)
    fleet.clock.advance(2)
    await op.provider.deferrals.close()
    fleet.clock.advance(60)
    await op.provider.deferrals.deny(waits.id)
    await op.provider.deferrals.notifications.replay(id)
    // longer than a sweep takes to come
    await new Promise((resolve) => setTimeout(resolve, 1300))
    expect(fleet.receiver.arrivals).toHaveLength(1)
    fleet.receiver.behave = answering(204)
    await fleet.start()
    await Promise.all([id, waits.id].map((owed) => fleet.settled(owed, 'delivered')))
  })

  test('a node without keys, or one that must not send, has nothing to close', async () => {
    const fleet = await startFleet(await stocks.memory(), { clients: () => [] })
    fleets.push(fleet)
    for (const options of [{ keys: [] }, { notification: { worker: false } }]) {
      const op = await fleet.start(options)
      expect(await timed(op.provider.deferrals.close())).toBeLessThan(atOnce)
    }
  })

  test('a worker keeps no process alive, running or closed', async () => {
    expect(await processes).toEqual(['done\n', 'done\n'])
  })

  test('E-27 gives up after ten seconds where a receiver hangs, and where the store does', async () => {
    const { receiver, stores, hanging } = await hung
    process.stderr.write(`closed after ${receiver} s and ${stores.join(', ')} s\n`)
    for (const seconds of [receiver, ...stores]) expect(seconds).toBeLessThan(patience)
    // known to have failed, not given up
    expect(await hanging.fleet.told(hanging.id)).toMatchObject({
      status: 'owed',
      attempts: 1,
      reason: expect.stringContaining('no answer'),
    })
  })
})
