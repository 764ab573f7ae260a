import type { FastifyMiddieOptions } from '@fastify/middie'
import type { Provider } from 'oidc-provider-deferred'
import { createApp } from './fastify/app.js'
import { testMounts } from './steps.js'

async function listener(provider: Provider, options?: FastifyMiddieOptions) {
  const app = await createApp(provider, options)
  await app.ready()
  return app.routing
}

testMounts({
  Fastify: { by: listener },
  'Fastify after its body parsers': { by: (provider) => listener(provider, { hook: 'preHandler' }), parses: true },
})
