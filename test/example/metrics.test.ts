import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCustomer } from '../../example-app/headless/people.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { until } from '../support/receiver.js'

const recorder = { fetchAs: () => fetch, take: () => [] }
let bank: Bank

beforeAll(async () => {
  bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], deferral: { interval: 60 } })
})
afterAll(() => bank?.stop())

/** The number of a time series, as Prometheus reads it. */
async function scraped(series: string): Promise<number | undefined> {
  const response = await fetch(`${bank.origins.provider}/metrics`)
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const lines = (await response.text()).split('\n')
  const found = lines.filter((line) => series.split(/[{},]/).every((part) => line.includes(part)))
  expect(found.length).toBeLessThan(2)
  return found[0] === undefined ? undefined : Number(found[0].split(' ').at(-1))
}

test('Prometheus reads what waits and what was decided at the bank', async () => {
  await createCustomer(bank, recorder, 'alex').ask()
  const { deferrals } = bank.provider
  const [deferral] = (await deferrals.list({ status: 'pending' })).deferrals
  const queue = `deferral_issuer="${bank.provider.issuer}",deferral_queue="${deferral?.queue}"`
  expect(await scraped(`deferral_pending{${queue}}`)).toBe(1)
  expect(await scraped(`deferral_overdue{${queue}}`)).toBe(0)
  expect(await scraped(`deferral_oldest_pending_age{${queue}}`)).toBeLessThan(60)
  expect(await scraped(`deferral_created_total{${queue},deferral_profile="openid"}`)).toBe(1)

  await deferrals.deny(deferral?.id ?? '', { by: 'robin' })
  expect(await scraped(`deferral_pending{${queue}}`)).toBe(0)
  expect(await scraped(`deferral_outcomes_total{${queue},deferral_outcome="denied"}`)).toBe(1)
  expect(await scraped(`deferral_decision_duration_count{${queue}}`)).toBe(1)
  const delivered = `deferral_notifications_total{${queue},deferral_notification_status="delivered"}`
  await until(async () => (await scraped(delivered)) === 1)
  const attempts = 'deferral_notification_attempt_duration_count{deferral_outcome="delivered"}'
  expect(await scraped(attempts)).toBe(1)
})
