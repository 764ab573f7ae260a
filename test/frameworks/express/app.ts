import express, { type Express } from 'express'
import type { Provider } from 'oidc-provider-deferred'
import { signIn } from '../sign_in.js'

/** An Express application with the provider below /oidc. The issuer is `https://op.example/oidc`. */
export function createApp(provider: Provider): Express {
  // region mount
  const app = express()
  app.use('/oidc', provider.callback())
  // after the provider, which reads bodies itself
  app.use(express.json(), express.urlencoded())
  // endregion

  app.get('/sign-in/:uid', (req, res) => signIn(provider, req, res))
  return app
}
