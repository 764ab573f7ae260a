import { instrument } from 'oidc-provider-deferred/opentelemetry'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'
import { clients } from '../support/clients.js'
import { type TestProvider, withProvider } from '../support/provider.js'
import { collected } from './collected.js'

test('two issuers on one meter have time series of their own', async () => {
  const clientId = clients[0]?.client_id ?? ''
  await withProvider({}, async (first) => {
    await withProvider({}, async (second) => {
      const otel = collected(first.provider)
      const end = instrument(second.provider, { meter: otel.meter, tracer: otel.tracer })
      for (const { provider } of [first, second, second]) await createDeferral(provider, { clientId })
      const of = (op: TestProvider) => ({ 'deferral.issuer': op.issuer })
      const expected = [
        { attributes: of(first), value: 1 },
        { attributes: of(second), value: 2 },
      ]
      const seriesOf = async (name: string) => (await otel.metric(name))?.series ?? []
      for (const name of ['deferral.pending', 'deferral.created']) {
        expect(await seriesOf(name)).toEqual(
          expected.map(({ attributes, value }) => ({ attributes: expect.objectContaining(attributes), value })),
        )
      }
      const counts = await seriesOf('deferral.store.operation.duration')
      const inserts = counts.filter(({ attributes }) => attributes['deferral.store.operation'] === 'insert')
      expect(inserts.map(({ attributes, value }) => [attributes['deferral.issuer'], Object(value).count])).toEqual([
        [first.issuer, 1],
        [second.issuer, 2],
      ])
      const created = otel.spans().filter(({ name }) => name === 'deferral.create')
      expect(created.map(({ attributes }) => attributes['deferral.issuer'])).toEqual([
        first.issuer,
        second.issuer,
        second.issuer,
      ])
      // the end of one leaves the other
      otel.end()
      await createDeferral(second.provider, { clientId })
      expect((await seriesOf('deferral.pending')).find(({ value }) => value === 3)?.attributes).toEqual(of(second))
      end()
    })
  })
})
