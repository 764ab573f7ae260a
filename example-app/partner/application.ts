import Router from '@koa/router'
import type { JWK } from 'jose'
import type Koa from 'koa'
import { partnerClient } from '../provider/clients.js'
import { createApplication } from '../web/application.js'
import { show } from '../web/page.js'
import { identityAssertion } from './identity_provider.js'
import { statementsPage } from './page.js'
import { statementsScript } from './script.js'

export interface PartnerOptions {
  /** The bank's provider. Its origin is not that of the partner's pages. */
  issuer: string
  key: JWK
  /** Signs cookies. */
  cookies: string
}

const customer = 'mina'

/** A partner's site. The script of its page sends the token request to the bank, and waits. */
export function createPartner({ issuer, key, cookies }: PartnerOptions): Koa {
  const router = new Router()

  router.get('/', (ctx) => show(ctx, statementsPage(customer)))

  // The other files of `/assets` are served as they are.
  router.get('/assets/statements.js', async (ctx) => {
    ctx.set('Cache-Control', 'no-cache')
    ctx.type = 'js'
    ctx.body = await statementsScript()
  })

  // Everything that the script of the page needs. The demo has no sign-in here: the customer is always Mina.
  router.get('/request', async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    ctx.body = {
      issuer,
      token_endpoint: `${issuer}/token`,
      client_id: partnerClient.id,
      client_secret: partnerClient.secret,
      assertion: await identityAssertion(key, issuer, customer),
    }
  })

  const apis = [new URL(issuer).origin]
  return createApplication({ site: 'partner', cookie: 'tideline', key: cookies, apis, routers: [router] })
}
