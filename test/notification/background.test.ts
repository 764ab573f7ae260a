import { AsyncLocalStorage } from 'node:async_hooks'
import { Provider } from 'oidc-provider'
import { memoryStore } from 'oidc-provider-deferred'
import { type RecordingReceiver, recordingReceiver } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { memoryAdapter } from '../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { deferralOf, notified } from './notified_clients.js'

/*
 * Whatever is done within a request, and decided there, notifications are sent in no request's context.
 */
const store = memoryStore()
const integrators = new AsyncLocalStorage<string>()
/** Where something of the integrator's ran, and within which request. */
let seen: [where: string, isInRequest: boolean][] = []
const note = (where: string) =>
  void seen.push([where, currentRequest() !== undefined || integrators.getStore() !== undefined])
const currentRequest = () => (Provider as unknown as { ctx?: object }).ctx

let receiver: RecordingReceiver
let op: TestProvider
let other: TestProvider | undefined
/** what a request does while the host handles it */
let meanwhile: (() => Promise<unknown>) | undefined

beforeAll(async () => {
  receiver = await recordingReceiver()
  op = await start()
})

afterAll(async () => {
  await Promise.all([op, other, receiver].map((each) => each?.close()))
})

async function start(): Promise<TestProvider> {
  const adapter = memoryAdapter()
  await adapter('Client').upsert('client', notified('client', receiver.endpoint) as never, 0)
  const started = await startProvider({
    ...(op && { clock: op.clock, issuer: op.issuer }),
    configuration: {
      adapter: (name) => ({
        ...adapter(name),
        async find(id) {
          if (name === 'Client') note('client look-up')
          return adapter(name).find(id)
        },
      }),
    },
    deferred: {
      store,
      keys: [Buffer.alloc(32, 1)],
      async defer() {
        await meanwhile?.()
        return true
      },
      notification: {
        ...receiver.notification,
        resolve: () => {
          note('resolve')
          return ['127.0.0.1']
        },
      },
    },
  })
  started.provider.on('deferral.notified', () => note('listener'))
  return started
}

async function begun(): Promise<string> {
  const { body } = await deferralOf(op.origin, 'client')
  op.clock.advance(20)
  return String(body.deferral_code).slice(0, 22)
}

async function within(work: () => Promise<unknown>): Promise<void> {
  meanwhile = () => integrators.run('a request', work)
  await begun()
  meanwhile = undefined
}

/** A sweep may look a client up once more. */
function expectOutside(): void {
  expect(new Set(seen.map(([where]) => where))).toEqual(new Set(['client look-up', 'resolve', 'listener']))
  expect(seen.filter(([, isInRequest]) => isInRequest)).toEqual([])
}

async function notifiedOf(id: string): Promise<void> {
  await until(async () => (await op.provider.deferrals.get(id))?.notification?.status === 'delivered')
}

test('the notification of a decision made within a request runs outside of the request', async () => {
  const id = await begun()
  await within(async () => {
    expect(currentRequest()).toBeDefined()
    seen = []
    await op.provider.deferrals.approve(id)
    await notifiedOf(id)
  })
  expectOutside()
})

test('a node that was made within a request sweeps outside of it', async () => {
  const id = await begun()
  await op.provider.deferrals.close()
  await within(async () => {
    other = await start()
  })
  seen = []
  await op.provider.deferrals.approve(id)
  await notifiedOf(id)
  expectOutside()
})
