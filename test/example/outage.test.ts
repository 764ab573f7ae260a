import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createCustomer } from '../../example-app/headless/people.js'
import { pageAtEnd } from '../../example-app/headless/waiting.js'
import { startBank } from '../../example-app/start.js'
import { describeMongo } from '../support/database.js'
import { portsOf } from './ports.js'

const recorder = { fetchAs: () => fetch, take: () => [] }

describeMongo('the bank starts again, and its provider does not answer', () => {
  test('its journeys wait on until it does', async () => {
    const database = `bank_${randomBytes(6).toString('hex')}`
    const mongodb = { uri: process.env.DEFERRED_TEST_MONGODB_URI ?? '', database }
    const deferral = { interval: 1 }
    const first = await startBank({ mongodb, ports: [0, 0, 0, 0, 0, 0], deferral })
    const customer = createCustomer(first, recorder, 'alex')
    await customer.ask()
    await first.stop()

    const refused: string[] = []
    const withOutage: typeof fetch = async (input, init) => {
      if (refused.length > 0) return fetch(input, init)
      refused.push(new URL(String(input)).pathname)
      throw new TypeError('fetch failed')
    }
    const second = await startBank({ mongodb, ports: portsOf(first), deferral, fetch: withOutage })
    try {
      const { deferrals } = await second.provider.deferrals.list({ status: 'pending' })
      await second.provider.deferrals.approve(deferrals[0]!.id)
      await pageAtEnd(customer, 'Your account is open')
      expect(refused).toEqual(['/op/.well-known/openid-configuration'])
    } finally {
      await second.erase()
    }
  })
})
