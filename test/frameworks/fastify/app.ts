import formbody from '@fastify/formbody'
import middie, { type FastifyMiddieOptions } from '@fastify/middie'
import fastify, { type FastifyInstance } from 'fastify'
import type { Provider } from 'oidc-provider-deferred'
import { signIn } from '../sign_in.js'

/** A Fastify application with the provider below /oidc. The issuer is `https://op.example/oidc`. */
export async function createApp(provider: Provider, options: FastifyMiddieOptions = {}): Promise<FastifyInstance> {
  // region mount
  const app = fastify()
  // by default middleware runs before Fastify parses the body
  await app.register(middie, options)
  app.use('/oidc', provider.callback())
  // endregion

  await app.register(formbody)
  app.get('/sign-in/:uid', async (request, reply) => {
    reply.hijack()
    await signIn(provider, request.raw, reply.raw)
  })
  return app
}
