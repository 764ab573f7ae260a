import { randomBytes } from 'node:crypto'
import { memoryStore } from 'oidc-provider-deferred'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { endpoints, startWire, type Wire } from '../notification/wire.js'
import { observedStore } from '../support/observed.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'

let wire: Wire

const keys = [randomBytes(32)]
// one deployment, and what this node asks of its store
const shared = memoryStore()
let sweeps = 0
const { store, calls } = observedStore({
  ...shared,
  due(...args) {
    sweeps += 1
    return shared.due(...args)
  },
})

beforeEach(async () => {
  wire = await startWire({ deferred: { store, keys } })
})
afterEach(() => wire.close())

const deferrals = () => wire.op.provider.deferrals

async function ready() {
  const begun = await wire.begin('oauth')
  wire.op.clock.advance(2)
  return begun
}

/** Another node of the same deployment. */
const node = (worker = true): Promise<TestProvider> =>
  startProvider({
    issuer: wire.op.issuer,
    clock: wire.op.clock,
    configuration: { clients: endpoints(wire.receiver.endpoint) },
    deferred: { store: shared, keys, notification: { ...wire.receiver.notification, worker } },
  })

test('close waits for the attempt under way, and for what came of it to be written', async () => {
  const { id } = await ready()
  let answer: () => void = () => undefined
  wire.answer(id, (response) => {
    answer = () => response.writeHead(204).end()
  })
  await deferrals().approve(id)
  await wire.receiver.arrived(1)
  const closed = deferrals().close()
  expect(await wire.kept(id)).toMatchObject({ status: 'owed' })
  answer()
  await closed
  expect(await wire.kept(id)).toMatchObject({ status: 'delivered' })
})

test('after close this node sends nothing, decisions work as before, and another node sends the notifications', async () => {
  const [decided, again] = [await ready(), await ready()]
  wire.answer(again.id, (response, _arrival, n) => response.writeHead(n === 1 ? 400 : 204).end())
  await deferrals().approve(again.id)
  await wire.settled(again.id, 'failed')
  await deferrals().close()
  await deferrals().close()
  calls.length = 0
  sweeps = 0
  expect(await deferrals().approve(decided.id)).toMatchObject({ changed: true })
  expect(await deferrals().notifications.replay(again.id)).toMatchObject({ changed: true })
  expect([wire.heard(decided.id).length, wire.heard(again.id).length]).toEqual([0, 1])
  const other = await node()
  // which takes a sweep
  await until(() => wire.heard(decided.id).length === 1 && wire.heard(again.id).length === 2)
  for (const { id } of [decided, again]) await wire.settled(id, 'delivered')
  expect(sweeps).toBe(0)
  expect(calls).not.toContain('swap notification_attempted')
  await other.close()
})

test('a node with worker: false decides, replays and closes, and leaves the sending to others', async () => {
  const quiet = await node(false)
  const { id } = await ready()
  wire.answer(id, (response, _arrival, n) => response.writeHead(n === 1 ? 400 : 204).end())
  await deferrals().close()
  await quiet.provider.deferrals.approve(id)
  expect(await wire.kept(id)).toMatchObject({ status: 'owed', attempts: 0 })
  const loud = await node()
  await wire.settled(id, 'failed')
  expect(await quiet.provider.deferrals.notifications.replay(id)).toMatchObject({ changed: true })
  await wire.settled(id, 'delivered')
  await quiet.close()
  await loud.close()
})
