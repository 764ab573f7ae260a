import { randomBytes } from 'node:crypto'
import { Binary, MongoClient } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongo } from '../support/database.js'
import type { Mongo } from '../support/mongod.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { verbsOn } from '../support/records.js'
import { dump } from './dump.js'
import { startFragileMongo } from './faults.js'
import { run } from './flows.js'
import { finder, forms } from './haystack.js'
import { runOauth } from './oauth_flows.js'
import { type Recording, record } from './recording.js'

// every client takes every ending, and every grant where there are two
const flows = { openid: 12, oauth: 24 }
const failingFlows = 12
const application = 'provider'

/** Where the host's own secrets must not be either; it hands its opaque tokens to its adapter as keys. */
const ofOurs = (place: string) => !/^(collection oidc_|oplog of the rest|oplog of groups)/.test(place)

const flat = (secrets: Recording['ours']) => [...secrets.values()].flatMap((values) => [...values])

/** Kinds of secret by the place they were found in. */
function found(secrets: Recording['ours'], places: Map<string, string>): string[] {
  const kindOf = new Map([...secrets].flatMap(([kind, values]) => [...values].map((value) => [value, kind])))
  const find = finder(flat(secrets))
  const hits = [...places].flatMap(([place, text]) =>
    find(text).map(({ secret, form }) => `${kindOf.get(secret)}, ${form}, in ${place}`),
  )
  return [...new Set(hits)].sort()
}

describeMongo('I9, T10: secrets at rest', () => {
  let mongo: Mongo
  let client: MongoClient
  let node: ProviderNode | undefined

  beforeAll(async () => {
    mongo = await startFragileMongo()
    client = await MongoClient.connect(mongo.uri)
  })
  afterAll(async () => {
    await node?.stop()
    await client.close()
    await mongo.stop()
  })

  test('the search finds what is planted, in every form and in every place', async () => {
    const db = client.db('planted')
    const [secret, tail, id] = [32, 32, 16].map((size) => randomBytes(size).toString('base64url')) as [
      string,
      string,
      string,
    ]
    const written = Object.fromEntries(forms(secret))
    const embedded = Buffer.from(JSON.stringify({ handle: `${id}${secret}` }))
    const context = { ...written, embedded: embedded.toString('base64'), url: embedded.toString('base64url') }
    await db.collection('oidc_notes').insertOne({ ...context, bytes: new Binary(Buffer.from(secret, 'base64url')) })
    await db.collection('oidc_more').insertMany([{ note: secret }, { note: tail }])
    const store = verbsOn(mongoStore(db))
    const times = { interval: 5, lifetime: 60, expiresIn: 60 }
    const request = { clientId: 'c', scope: [], resource: [], source: {}, codeHash: 'hash', ...times }
    await store.create({ id, profile: 'openid', ...request, context })
    await store.progress(id, { step: secret })
    // answers of this command are kept; ours no longer holds a record
    await db
      .collection<{ _id: string }>('deferrals')
      .findOneAndUpdate({ _id: id }, { $set: { 'progress.position': 1 } })
    const places = (await dump(db)).set('log', `POST /token deferred_code=${id}${secret}&x`)
    const everywhere = ['oidc_notes', 'oidc_more', 'deferrals'].map((name) => `collection ${name}`)
    const expected = [...everywhere, 'oplog of deferrals', 'oplog of the rest', 'images of deferrals', 'log']
    for (const place of expected)
      expect([place, finder([secret])(places.get(place)!).length > 0]).toEqual([place, true])
    const hits = finder([secret])(places.get('collection oidc_notes')!)
    expect([...new Set(hits.map(({ form }) => form))].sort()).toEqual([...forms(secret).keys()].sort())
    expect(finder([`${id}${randomBytes(32).toString('base64url')}`])([...places.values()].join())).toEqual([])
  })

  test(`I-120 I-128 I-131 I-132 after ${flows.openid} and ${flows.oauth} flows of the two profiles no handle and no notification token is anywhere, no token of the host where it does not belong`, async () => {
    const db = client.db('flows')
    const uri = `${mongo.uri}${mongo.uri.includes('?') ? '&' : '?'}appName=${application}`
    const setup = { uri, database: 'flows', interim: { note: 'not yet' } }
    node = await startNode(setup, { DEBUG: '*', NODE_DEBUG: 'koa:application,http' })
    const recording = record()
    const told = [await run(node, db, flows.openid), await runOauth(node, db, flows.oauth)]
    const { ours, hosts } = recording
    for (const kind of ['deferral_code', 'client_notification_token'])
      expect([kind, ours.get(kind)?.size]).toEqual([kind, flows.oauth])
    await failing(() => run(node as ProviderNode, db, failingFlows))
    await failing(() => runOauth(node as ProviderNode, db, failingFlows))
    recording.stop()
    expect(told.map((one) => Object.fromEntries(one))).toEqual([
      { tokens: 3, access_denied: 6, expired_token: 3 },
      { tokens: 6, access_denied: 12, expired_token: 6 },
    ])

    const places = await dump(db)
    places.set('log', node.output())
    places.set('events', JSON.stringify(node.events.map(({ event, deferral }) => [event, deferral])))
    places.set('refusals', recording.refusals.join('\n'))
    const counts = (secrets: Recording['ours']) =>
      Object.fromEntries([...secrets].map(([kind, { size }]) => [kind, size]))
    process.stderr.write(`secrets ${JSON.stringify({ ...counts(ours), ...counts(hosts) })}\n`)
    process.stderr.write(
      `bytes ${JSON.stringify(Object.fromEntries([...places].map(([place, { length }]) => [place, length])))}\n`,
    )

    // what was looked through is what was written: ids everywhere, tokens with the host
    const handles = ['deferred_code', 'deferral_code'].flatMap((kind) => [...ours.get(kind)!])
    const ids = finder(handles.map((handle) => handle.slice(0, 22)))
    for (const place of ['collection deferrals', 'oplog of deferrals', 'events']) {
      expect(ids(places.get(place)!).length).toBeGreaterThanOrEqual(flows.openid + flows.oauth)
    }
    for (const logged of ['oidc-provider:error', 'oidc-provider:server_error'])
      expect(places.get('log')).toContain(logged)
    expect(found(hosts, new Map([...places].filter(([place]) => !ofOurs(place))))).toEqual(
      expect.arrayContaining(['access_token, plain, in collection oidc_access_token']),
    )

    expect(found(ours, places)).toEqual([])
    expect(found(hosts, new Map([...places].filter(([place]) => ofOurs(place))))).toEqual([])
  })

  /** The same while the database reports errors now and then, so that errors of its own are in the log. */
  async function failing(work: () => Promise<unknown>): Promise<void> {
    const failPoint = (mode: object | string) =>
      client.db('admin').command({
        configureFailPoint: 'failCommand',
        mode,
        data: { errorCode: 8, failCommands: ['findAndModify', 'update', 'find'], appName: application },
      })
    await failPoint({ activationProbability: 0.02 })
    await work()
    await failPoint('off')
  }
})
