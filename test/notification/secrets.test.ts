import { randomBytes } from 'node:crypto'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dump } from '../race/dump.js'
import { finder } from '../race/haystack.js'
import { type Recording, record } from '../race/recording.js'
import { notifiedAt } from '../support/clients.js'
import { describeMongo, type TestDatabase, testDatabase } from '../support/database.js'
import { pollDeferral, request, revoke } from '../support/deferral.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { answering, type Behaviour, type Receiver, startReceiver, until } from '../support/receiver.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

const profiles = ['openid', 'oauth'] as const
const rounds = 3

/** What became of a notification in the end, and what was answered to it until then. */
const endings = {
  delivered: answering(204),
  owed: answering(503),
  failed: answering(401, { 'retry-after': '1' }),
  redeemed: answering(503),
  'cancelled by its client': answering(503),
  expired: answering(403),
  'never decided': answering(204),
} satisfies Record<string, Behaviour>

type Ending = keyof typeof endings

/** Which endings leave something to be sent, and so what is sealed. */
const keeping: Ending[] = ['owed', 'failed']

describeMongo('E-26 secrets at rest where clients are notified', () => {
  let database: TestDatabase
  let receiver: Receiver
  let node: ProviderNode
  let recording: Recording
  const endingOf = new Map<string, Ending>()
  const deferrals = () => database.db.collection<Document & { _id: string }>('deferrals')

  beforeAll(async () => {
    ;[database, receiver] = await Promise.all([testDatabase(), startReceiver()])
    receiver.behave = (response, arrival, n, incoming) => {
      const id = String(Object.values(JSON.parse(arrival.body) as object)[0]).slice(0, 22)
      const behave: Behaviour = endings[endingOf.get(id) ?? 'delivered']
      behave(response, arrival, n, incoming)
    }
    const { allow = [], ports = [], ca = '' } = receiver.notification
    node = await startNode(
      {
        uri: process.env.DEFERRED_TEST_MONGODB_URI as string,
        database: database.db.databaseName,
        clients: notifiedAt(receiver.endpoint),
        modules: { store: new URL('./dying_nodes.js#stammering', import.meta.url).href },
        deferred: {
          keys: [randomBytes(32).toString('base64url')],
          notification: { allow, ports, ca, hosts: { 'rp.example': ['127.0.0.1'] } },
        },
      },
      { DEBUG: '*', NODE_DEBUG: 'http,net' },
    )
    recording = record()
  })

  afterAll(async () => {
    recording.stop()
    await node.stop()
    await receiver.close()
    await database.drop()
  })

  /** A client with its handle, and what it can do with it. */
  async function begun(profile: (typeof profiles)[number], rp: RelyingParty) {
    const token = randomBytes(32).toString('base64url')
    if (profile === 'oauth') {
      const params = { client_notification_token: token }
      const { answer } = await request(rp, 'client_credentials', { params })
      const handle: string = answer.body.deferral_code
      return { handle, poll: () => pollDeferral(rp, handle), cancel: () => revoke(rp, handle) }
    }
    const { params } = await userAgent().visit(rp.authorizationUrl())
    const { body } = await rp.exchange(params.deferred_code as string, { deferred_notification_token: token })
    const handle: string = body.deferred_auth_id
    return { handle, poll: () => rp.poll(handle), cancel: () => rp.cancel(handle) }
  }

  // one look at all of them serves everybody who waits
  let looked: { at: number; all: Promise<Document[]> } | undefined
  async function told(id: string): Promise<Document | undefined> {
    if (!looked || performance.now() > looked.at + 50) {
      looked = { at: performance.now(), all: deferrals().find().toArray() }
    }
    return (await looked.all).find(({ _id }) => _id === id)?.notification
  }

  async function flow(profile: (typeof profiles)[number], ending: Ending): Promise<void> {
    const { handle, poll, cancel } = await begun(profile, relyingParty(node.origin))
    const id = handle.slice(0, 22)
    endingOf.set(id, ending)
    const tried = () => until(async () => (await told(id))?.reason !== undefined)
    if (ending === 'never decided') await node.deferrals.extend(id, { expiresIn: 1 })
    else await node.deferrals.approve(id, { by: 'reviewer' })
    if (ending === 'delivered') await until(async () => (await told(id))?.status === 'delivered')
    else if (ending === 'never decided') await until(async () => (await told(id))?.status === 'suppressed')
    else await tried()
    if (ending === 'redeemed') expect((await poll()).status).toBe(200)
    if (ending === 'cancelled by its client') await cancel()
    if (ending === 'expired') {
      await node.deferrals.extend(id, { expiresIn: 1 })
      await until(async () => (await told(id))?.sealed === undefined)
    }
    if (ending === 'failed') await node.deferrals.notifications.replay(id)
  }

  test('O-120 I-120 I-128 no handle and no notification token is anywhere, whatever became of the notification', async () => {
    const names = Object.keys(endings) as Ending[]
    const all = profiles.flatMap((profile) => names.flatMap((ending) => Array(rounds).fill([profile, ending])))
    await Promise.all((all as [(typeof profiles)[number], Ending][]).map((one) => flow(...one)))
    const failed = [...endingOf].filter(([, ending]) => ending === 'failed').map(([id]) => id)
    // sent again, and refused again
    for (const id of failed) await until(async () => (await told(id))?.status === 'failed')

    const lists = await Promise.all(
      ([undefined, 'owed', 'failed', 'delivered', 'suppressed'] as const).map((status) =>
        node.deferrals.notifications.list({ ...(status && { status }), limit: 100 }),
      ),
    )
    const places = (await dump(database.db))
      .set('log', node.output())
      .set('events', JSON.stringify(node.events.map(({ event, deferral }) => [event, deferral])))
      .set('lists', JSON.stringify([lists, await node.deferrals.list({ limit: 100 })]))
      .set('refusals', recording.refusals.join('\n'))
    const secrets = [...recording.ours.values()].flatMap((values) => [...values])
    const tokens = ['deferred_notification_token', 'client_notification_token']
    expect(tokens.map((kind) => recording.ours.get(kind)?.size)).toEqual(tokens.map(() => names.length * rounds))
    process.stderr.write(
      `${secrets.length} secrets, ${JSON.stringify([...places].map(([at, { length }]) => [at, length]))}\n`,
    )

    // what was looked through is what was written, and the client was really told
    const ids = finder([...endingOf.keys()])
    for (const place of ['collection deferrals', 'oplog of deferrals', 'events', 'lists'])
      expect(new Set(ids(places.get(place)!).map(({ secret }) => secret)).size).toBe(endingOf.size)
    expect(places.get('log')).toContain('notifications have to wait')
    const sent = receiver.arrivals.map(({ headers, body }) => `${headers.authorization} ${body}`).join()
    expect(finder(secrets)(sent).length).toBeGreaterThan(endingOf.size)

    const find = finder(secrets)
    expect([...places].flatMap(([place, text]) => find(text).map(({ form }) => `${form} in ${place}`))).toEqual([])

    const sealed = await deferrals()
      .find({ 'notification.sealed': { $exists: true } })
      .toArray()
    const kept = sealed.map(({ _id }) => endingOf.get(_id))
    expect([...new Set(kept)].sort()).toEqual([...keeping].sort())
    expect(kept).toHaveLength(profiles.length * rounds * keeping.length)
  })

  test('the search would have found one', async () => {
    const [secret] = recording.ours.get('client_notification_token') as Set<string>
    const [id] = [...endingOf.keys()]
    const reason = Buffer.from(`{"token":"${secret}"}`).toString('base64')
    await deferrals().updateOne({ _id: id as string }, { $set: { 'notification.reason': reason } })
    const places = await dump(database.db)
    for (const place of ['collection deferrals', 'oplog of deferrals'])
      expect(finder([secret as string])(places.get(place)!)).not.toEqual([])
  })
})
