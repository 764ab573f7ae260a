import type { NestExpressApplication } from '@nestjs/platform-express'
import { createApp } from './nest/app.js'
import { createApp as createAppWithController } from './nest/controller.js'
import { testMounts } from './steps.js'

async function listener(starting: Promise<NestExpressApplication>) {
  const app = await starting
  await app.init()
  return app.getHttpAdapter().getInstance()
}

testMounts({
  'Nest, as middleware': { by: (provider) => listener(createApp(provider)) },
  'Nest, a controller after body parsers that keep rawBody': {
    by: (provider) => listener(createAppWithController(provider, { rawBody: true })),
    parses: true,
  },
  'Nest, a controller, and no body parsers': {
    by: (provider) => listener(createAppWithController(provider, { bodyParser: false })),
  },
})
