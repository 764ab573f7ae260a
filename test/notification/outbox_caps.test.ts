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
  const inner = memoryStore()
  let isSwept = true
  const store = { ...inner, due: async (...args: Parameters<typeof inner.due>) => (isSwept ? inner.due(...args) : []) }
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
    await until(() => others.every(heard))
    process.stderr.write(`30 others were told after ${dead.arrivals.length} of 500\n`)
    // 16 of them in five seconds: not even the first page of them is over
    expect(dead.arrivals.length).toBeLessThan(200)
    await until(() => open === 16)
    expect(most).toBe(16)
  })

  test('does not hold up what is decided on the node meanwhile', async () => {
    const before = dead.arrivals.length
    // no sweep finds it either
    isSwept = false
    for (let n = 0; n < 20; n++) {
      const request = newDeferral({ clientId: 'other', handleHash: 'hash', expiresIn: 600 })
      const sealed = await sealer.seal({ ...request, issuer: op.issuer }, { handle: request.id })
      await verbs.create({ ...request, sealing: { sealed, delay: 0 } }, clock.now())
      await op.provider.deferrals.deny(request.id)
      await until(() => heard(request.id))
    }
    isSwept = true
    // if each waited for one of the dead one's, 320 would have gone there meanwhile
    expect(dead.arrivals.length - before).toBeLessThan(160)
  })

  test('does not hold up another client at its host', async () => {
    await Promise.all(Array.from({ length: 300 }, () => owed('one tenant', 100)))
    await until(() => open === 24)
    const ids = await Promise.all(Array.from({ length: 4 }, () => owed('another tenant', 1)))
    await until(() => ids.every(heard))
    // not behind those of the one tenant, of which 8 go in five seconds
    const ofOne = dead.arrivals.filter(({ headers }) => headers.host?.startsWith('shared.example'))
    expect(ofOne.length).toBeLessThan(150)
  })
})
