import { memoryStore } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSealer } from '../../lib/notification/sealer.js'
import { newDeferral } from '../store/new_deferral.js'
import { createAuthority } from '../support/authority.js'
import { notifiedAt } from '../support/clients.js'
import { createClock } from '../support/clock.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { answering, type Receiver, startReceiver, until } from '../support/receiver.js'
import { verbsOn } from '../support/records.js'

const key = new Uint8Array(32).fill(9)
const sealer = createSealer([key])!

/** A receiver that never answers, one that does, at other hosts, and a provider that owes to both. */
describe('E-27 a receiver that hangs', () => {
  const clock = createClock()
  const store = memoryStore()
  let dead: Receiver
  let alive: Receiver
  let op: TestProvider
  let verbs: ReturnType<typeof verbsOn>
  let open = 0
  let most = 0

  beforeAll(async () => {
    const { ca, issue } = await createAuthority()
    const authority = { ca, issue: () => issue(['alive.example', 'dead.example', 'shared.example']) }
    ;[dead, alive] = await Promise.all([
      startReceiver(answering(204), authority),
      startReceiver(answering(204), authority),
    ])
    dead.behave = (response) => {
      open += 1
      most = Math.max(most, open)
      response.once('close', () => {
        open -= 1
      })
    }
    const at = (host: string, port: number) => `https://${host}:${port}/notified`
    const endpoints: Record<string, string> = {
      secret: at('dead.example', dead.port),
      assertion: at('dead.example', dead.port),
      other: at('alive.example', alive.port),
      // two applications behind one host
      'one tenant': at('shared.example', dead.port),
      'another tenant': at('shared.example', alive.port),
    }
    const [plain] = notifiedAt('')
    op = await startProvider({
      clock,
      configuration: {
        clients: Object.entries(endpoints).map(([clientId, endpoint]) => ({
          ...plain,
          client_id: clientId,
          deferred_client_notification_endpoint: endpoint,
        })),
      },
      deferred: {
        store,
        keys: [key],
        notification: { ...alive.notification, ports: [dead.port, alive.port] },
      },
    })
    verbs = verbsOn(store, op.issuer)
  })

  afterAll(async () => {
    dead.behave = answering(204)
    await Promise.all([dead.close(), op.close()])
    await alive.close()
  })

  /** Owed, and due for so many seconds, but decided elsewhere: nothing but a sweep finds it. */
  async function owed(clientId: string, since: number): Promise<string> {
    const request = newDeferral({ clientId, handleHash: 'hash', expiresIn: 86_400, lifetime: 86_400 })
    const sealed = await sealer.seal({ ...request, issuer: op.issuer }, { handle: request.id })
    const then = new Date(clock.now().getTime() - since * 1000)
    await verbs.create({ ...request, sealing: { sealed, delay: 0 } }, then)
    await verbs.decide(request.id, 'denied', {}, then)
    return request.id
  }

  const heard = (id: string) => alive.arrivals.some(({ body }) => body.includes(id))

  test('takes 8 attempts of its client at a time, and 16 of all; what comes after 500 of its own still arrives', async () => {
    for (let n = 0; n < 250; n++) await Promise.all([owed('secret', 100), owed('assertion', 100)])
    const others = await Promise.all(Array.from({ length: 30 }, () => owed('other', 1)))
    const begun = performance.now()
    await until(() => others.every(heard))
    const seconds = (performance.now() - begun) / 1000
    process.stderr.write(`30 others were told within ${seconds.toFixed(2)} s\n`)
    // those of the dead one take 5 s each, 8 at a time
    expect(seconds).toBeLessThan(8)
    await until(() => open === 16)
    expect(most).toBe(16)
  })

  test('does not hold up what is decided on the node meanwhile', async () => {
    const waits: number[] = []
    for (let n = 0; n < 20; n++) {
      const request = newDeferral({ clientId: 'other', handleHash: 'hash', expiresIn: 600 })
      const sealed = await sealer.seal({ ...request, issuer: op.issuer }, { handle: request.id })
      await verbs.create({ ...request, sealing: { sealed, delay: 0 } }, clock.now())
      const at = performance.now()
      await op.provider.deferrals.deny(request.id)
      await until(() => heard(request.id))
      waits.push(performance.now() - at)
    }
    waits.sort((a, b) => a - b)
    process.stderr.write(`a decision is told within ${waits[10]?.toFixed()} ms (median), ${waits[19]?.toFixed()} ms\n`)
    expect(waits[10]).toBeLessThan(400)
  })

  test('does not hold up another client at its host', async () => {
    await Promise.all(Array.from({ length: 300 }, () => owed('one tenant', 100)))
    await until(() => open === 24)
    const ids = await Promise.all(Array.from({ length: 4 }, () => owed('another tenant', 1)))
    // behind all those of the one tenant it would take more than a minute
    await until(() => ids.every(heard), 60)
  })
})
