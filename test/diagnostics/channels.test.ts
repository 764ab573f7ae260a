import { channel } from 'node:diagnostics_channel'
import { memoryStore } from 'oidc-provider-deferred'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { traced } from '../../lib/diagnostics/channels.js'
import { finder } from '../race/haystack.js'
import { record } from '../race/recording.js'
import { observedStore } from '../support/observed.js'
import { withProvider } from '../support/provider.js'
import { useDeployment } from './deployment.js'
import { watchChannels } from './watched.js'

const deployment = useDeployment()
let watched: ReturnType<typeof watchChannels>
const issuer = () => deployment.op.issuer

beforeEach(() => {
  watched = watchChannels()
})
afterEach(() => watched.end())

test.each(['openid', 'oauth'] as const)(
  'the life of a deferral of the %s profile, message by message',
  async (profile) => {
    const { op } = deployment
    const { deferrals } = op.provider
    const deferral = await deployment[profile]()
    const { id } = deferral
    const facts = { issuer: issuer(), id, profile, ...(profile === 'oauth' && { queue: 'payments' }) }
    expect((await deferral.poll()).body.error).toBe('authorization_pending')
    await deferrals.approve(id, { by: 'robin' })
    await deployment.notified(deferral)
    expect((await deferral.poll()).status).toBe(200)
    expect((await deferral.poll()).body.error).toBe('invalid_grant')
    expect(await deferrals.deny(id)).toMatchObject({ changed: false })

    const ended = (operation: string) => watched.ended(operation).map(({ error, result, ...message }) => message)
    expect(ended('create')).toEqual([{ ...facts, outcome: 'ok' }])
    expect(ended('exchange')).toEqual(profile === 'openid' ? [{ ...facts, outcome: 'ok' }] : [])
    expect(ended('poll')).toEqual([
      { ...facts, outcome: 'authorization_pending' },
      { ...facts, outcome: 'ok' },
      { ...facts, outcome: 'invalid_grant' },
    ])
    expect(ended('decide')).toEqual([
      { ...facts, operation: 'approve', outcome: 'approved' },
      { ...facts, operation: 'deny', outcome: 'unchanged' },
    ])
    expect(ended('redeem')).toEqual([{ ...facts, outcome: 'ok' }])
    expect(ended('notify')).toEqual([{ ...facts, attempt: 1, outcome: 'delivered', status: 204 }])
    const events = watched.changes().map(({ event }) => event)
    expect(events).toEqual([
      'created',
      ...(profile === 'openid' ? ['exchanged'] : []),
      'approved',
      'notified',
      'redeemed',
    ])
    const last = watched.changes().at(-1)
    expect(last).toMatchObject({ ...facts, status: 'redeemed' })
    expect([last.createdAt, last.decidedAt, last.redeemedAt].every((time) => time instanceof Date)).toBe(true)
  },
)

test('no message of any channel carries a handle, a secret, a token or personal data', async () => {
  const recording = record()
  const { deferrals } = deployment.op.provider
  for (const start of [deployment.openid, deployment.oauth]) {
    const approved = await start()
    await deferrals.progress(approved.id, { step: 'progress that is for the client' })
    await deferrals.comment(approved.id, { by: 'robin@reviewers.example', text: 'a comment of a colleague' })
    await deferrals.approve(approved.id, { by: 'robin@reviewers.example', note: 'a note of the reviewer' })
    await deployment.notified(approved)
    await approved.poll()
    const denied = await start()
    await deferrals.deny(denied.id, { by: 'robin@reviewers.example', description: 'a reason for the client' })
    await denied.poll()
    await deployment.rp.poll('a handle that nobody knows')
    await deferrals.get('an id from outside that may be a handle')
    await expect(deferrals.approve('an id from outside that may be a handle')).rejects.toThrow()
  }
  recording.stop()

  const texts = watched.published.map(({ message }) => JSON.stringify(withErrors(message)))
  const secrets = [...recording.ours.values(), ...recording.hosts.values()].flatMap((values) => [...values])
  expect(secrets.length).toBeGreaterThan(10)
  expect(new Set(watched.published.map(({ channel }) => channel.split(':').at(-1))).size).toBeGreaterThan(4)
  expect(finder(secrets)(texts.join('\n'))).toEqual([])
  const personal = /robin|reviewer|reason|a comment|note|progress that|a payment to|from outside|nobody knows|@|"sub"/
  expect(texts.filter((text) => personal.test(text))).toEqual([])
  // the search would find it
  expect(finder(secrets)(texts.join('\n') + secrets[0])).not.toEqual([])
})

/** JSON leaves out what an error has. */
function withErrors(message: { error?: Error }): object {
  const { error } = message
  return {
    ...message,
    ...(error && { error: { ...error, name: error.name, message: error.message, stack: error.stack } }),
  }
}

test('an error is published by its name and its code, and reaches the caller as it is', async () => {
  const store = observedStore(memoryStore())
  const fault = Object.assign(new TypeError('secret of the database'), { code: 11_000, keyValue: 'secret' })
  await withProvider({ deferred: { store: store.store } }, async ({ provider }) => {
    store.failNext('stats', 'before', fault)
    await expect(provider.deferrals.stats()).rejects.toMatchObject({ cause: fault })
  })
  const [error] = watched.ended('store').flatMap(({ error }) => error ?? [])
  expect({ ...error }).toEqual({ name: 'TypeError', code: 11_000 })
  expect([error.message, error.stack]).toEqual(['', undefined])
})

test('a fault while facts are collected reaches no caller', async () => {
  const broken = () => {
    throw new Error('broken facts')
  }
  await expect(traced('poll', { issuer: issuer() }, async () => 'tokens', broken)).resolves.toBe('tokens')
})

test('operations of the store and sweeps name no deferral', async () => {
  await deployment.oauth()
  const operations = watched.ended('store')
  expect(new Set(operations.map(({ operation }) => operation))).toContain('insert')
  expect(operations.filter(({ id }) => id !== undefined)).toEqual([])
})

test('without subscribers an operation is called directly, and nothing is published', async () => {
  watched.end()
  const work = Promise.resolve('done')
  let collected = 0
  const facts = () => {
    collected += 1
    return {}
  }
  expect(traced('poll', { issuer: issuer() }, () => work, facts)).toBe(work)
  const listener = () => undefined
  channel('tracing:oidc-provider-deferred:poll:error').subscribe(listener)
  const published = traced('poll', { issuer: issuer() }, () => work, facts)
  channel('tracing:oidc-provider-deferred:poll:error').unsubscribe(listener)
  expect(published).not.toBe(work)
  expect([await published, collected]).toEqual(['done', 1])
  expect(watched.published).toEqual([])
})
