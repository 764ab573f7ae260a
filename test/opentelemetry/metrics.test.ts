import { memoryStore } from 'oidc-provider-deferred'
import { instrument } from 'oidc-provider-deferred/opentelemetry'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useDeployment } from '../diagnostics/deployment.js'
import { clients } from '../support/clients.js'
import { observedStore } from '../support/observed.js'
import { startProvider, type TestProvider, withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { type Collected, collected } from './collected.js'

describe('what the deferrals of a provider become', () => {
  const deployment = useDeployment()
  let otel: Collected
  let issuer: { 'deferral.issuer': string }
  let labels: object

  beforeAll(async () => {
    const { op } = deployment
    const { deferrals } = op.provider
    issuer = { 'deferral.issuer': op.issuer }
    labels = { ...issuer, 'deferral.profile': 'oauth', 'deferral.queue': 'payments' }
    otel = collected(op.provider)
    const approved = await deployment.oauth()
    await approved.poll()
    op.clock.advance(3600 - 60)
    await deferrals.approve(approved.id)
    await deployment.notified(approved)
    await approved.poll()
    await deferrals.deny((await deployment.openid()).id)
    await deferrals.cancel((await deployment.oauth()).id)
  })
  afterAll(() => otel?.end())

  test('counters by outcome, profile and queue', async () => {
    expect(await otel.metric('deferral.created')).toMatchObject({ unit: '{deferral}' })
    expect((await otel.metric('deferral.created'))?.series).toEqual([
      { attributes: labels, value: 2 },
      { attributes: { ...issuer, 'deferral.profile': 'openid' }, value: 1 },
    ])
    expect((await otel.metric('deferral.outcomes'))?.series).toEqual([
      { attributes: { ...labels, 'deferral.outcome': 'approved' }, value: 1 },
      { attributes: { ...labels, 'deferral.outcome': 'redeemed' }, value: 1 },
      { attributes: { ...issuer, 'deferral.profile': 'openid', 'deferral.outcome': 'denied' }, value: 1 },
      { attributes: { ...labels, 'deferral.outcome': 'cancelled' }, value: 1 },
    ])
    expect((await otel.metric('deferral.notifications'))?.series).toContainEqual({
      attributes: { ...labels, 'deferral.notification.status': 'delivered' },
      value: 1,
    })
  })

  test('seconds from the request to the decision, and from the decision to the redemption', async () => {
    const decision = await otel.metric('deferral.decision.duration')
    expect(decision).toMatchObject({ unit: 's' })
    expect(decision?.series[0]).toEqual({
      attributes: { ...labels, 'deferral.outcome': 'approved' },
      value: { count: 1, sum: 3600 },
    })
    expect(decision?.series).toHaveLength(2)
    expect((await otel.metric('deferral.redemption.duration'))?.series).toEqual([
      { attributes: labels, value: { count: 1, sum: 120 } },
    ])
  })

  test('durations of polls, of the store, of notification attempts and of sweeps', async () => {
    const countsOf = async (name: string) =>
      (await otel.metric(name))?.series.map(({ attributes, value }) => [attributes, Object(value).count])
    expect(await countsOf('deferral.poll.duration')).toEqual([
      [{ ...issuer, 'deferral.outcome': 'authorization_pending', 'deferral.profile': 'oauth' }, 1],
      [{ ...issuer, 'deferral.outcome': 'ok', 'deferral.profile': 'oauth' }, 1],
    ])
    expect(await countsOf('deferral.store.operation.duration')).toContainEqual([
      { ...issuer, 'deferral.store.operation': 'insert' },
      3,
    ])
    expect(await countsOf('deferral.notification.attempt.duration')).toContainEqual([
      { ...issuer, 'deferral.outcome': 'delivered', 'http.response.status_code': 204 },
      1,
    ])
    await until(async () => (await countsOf('deferral.sweep.duration'))?.length === 1)
    expect((await countsOf('deferral.sweep.duration'))?.map(([attributes]) => attributes)).toEqual([issuer])
  })
})

describe('what waits', () => {
  const store = observedStore(memoryStore())
  let op: TestProvider
  let otel: Collected

  beforeAll(async () => {
    op = await startProvider({ deferred: { store: store.store, now: () => new Date() } })
    const clientId = clients[0]?.client_id ?? ''
    const wait = (queue?: string) => createDeferral(op.provider, { clientId, ...(queue && { queue }) })
    await Promise.all(['alpha', 'alpha', 'beta', 'gamma', undefined].map(wait))
    otel = collected(op.provider, { queues: 1 })
  })
  afterAll(async () => {
    otel?.end()
    await op.close()
  })

  test('gauges by queue; queues beyond the limit share a time series, and the sum is that of all', async () => {
    const issuer = { 'deferral.issuer': op.issuer }
    const byQueue = [
      { attributes: issuer, value: 1 },
      { attributes: { ...issuer, 'deferral.queue': 'alpha' }, value: 2 },
      { attributes: { ...issuer, 'deferral.queue': 'other' }, value: 2 },
    ]
    expect(await otel.metric('deferral.pending')).toEqual({ unit: '{deferral}', series: byQueue })
    expect((await otel.metric('deferral.overdue'))?.series.map(({ value }) => value)).toEqual([0, 0, 0])
    const age = await otel.metric('deferral.oldest_pending.age')
    expect(age?.series.map(({ attributes }) => attributes['deferral.queue'])).toEqual([undefined, 'alpha', 'other'])
    expect(age?.series.every(({ value }) => Number(value) >= 0 && Number(value) < 60)).toBe(true)
  })

  test('a queue in which nothing waits any more is 0', async () => {
    const { deferrals } = op.provider
    for (const { id } of (await deferrals.list({ queue: 'alpha' })).deferrals) await deferrals.deny(id)
    const nothing = async (name: string) => {
      const series = (await otel.metric(name))?.series.find(
        ({ attributes }) => attributes['deferral.queue'] === 'alpha',
      )
      return series?.value === 0
    }
    // on a busy machine the sums from before are used again
    for (const name of ['deferral.pending', 'deferral.overdue', 'deferral.oldest_pending.age'])
      await until(() => nothing(name))
  })

  test('collections at the same time read once', async () => {
    const calls = store.calls.length
    await Promise.all([otel.names(), otel.names(), otel.names()])
    expect(store.calls.slice(calls).filter((call) => call === 'stats').length).toBeLessThanOrEqual(1)
  })

  test('a store that fails is counted, and the other metrics are collected', async () => {
    store.failNext('stats')
    expect(await otel.names()).toContain('deferral.store.operation.duration')
    await until(async () => {
      const { series = [] } = (await otel.metric('deferral.store.operation.duration')) ?? {}
      return series.some(
        ({ attributes }) => attributes['deferral.store.operation'] === 'stats' && attributes['error.type'] === 'Error',
      )
    })
  })

  test('nothing is collected after the end, and deferrals of other issuers never', async () => {
    const before = (await otel.metric('deferral.created'))?.series
    await withProvider({}, ({ provider }) =>
      createDeferral(provider, { clientId: clients[0]?.client_id ?? '' }).then(() => undefined),
    )
    expect((await otel.metric('deferral.created'))?.series).toEqual(before)
    const calls = store.calls.length
    otel.end()
    await otel.names()
    expect(store.calls.slice(calls)).toEqual([])
  })
})

test('instrument refuses a provider without the feature, and a wrong option', async () => {
  await withProvider({ deferred: { enabled: false } }, async ({ provider }) => {
    expect(() => instrument(provider)).toThrow('instrument: provider must have features.deferredTokenResponse enabled')
  })
  await withProvider({}, async ({ provider }) => {
    for (const queues of [-1, 1.5, Number.NaN])
      expect(() => instrument(provider, { queues })).toThrow('instrument: queues must be an integer, 0 or more')
  })
})
