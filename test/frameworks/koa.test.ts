import { bodyParser } from '@koa/bodyparser'
import Koa from 'koa'
import mount from 'koa-mount'
import type { Provider } from 'oidc-provider-deferred'
import { createApp } from './koa/app.js'
import { testMounts } from './steps.js'

function afterBodyParser(provider: Provider): Koa {
  const app = new Koa()
  app.keys = provider.keys
  app.use(bodyParser())
  app.use(mount(createApp(provider)))
  return app
}

testMounts({
  Koa: { by: (provider) => createApp(provider).callback() },
  'Koa after a body parser': { by: (provider) => afterBodyParser(provider).callback(), parses: true },
})
