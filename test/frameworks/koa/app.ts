import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import mount from 'koa-mount'
import type { Provider } from 'oidc-provider-deferred'
import { signIn } from '../sign_in.js'

/** A Koa application with the provider below /oidc. The issuer is `https://op.example/oidc`. */
export function createApp(provider: Provider): Koa {
  // region mount
  const app = new Koa()
  // the application signs the provider's cookies: both need the same keys
  app.keys = provider.keys
  app.use(mount('/oidc', provider))
  // after the provider, which reads bodies itself
  app.use(bodyParser())
  // endregion

  const router = new Router()
  router.get('/sign-in/:uid', (ctx) => signIn(provider, ctx.req, ctx.res))
  app.use(router.routes())
  return app
}
