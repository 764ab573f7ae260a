import Router from '@koa/router'
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider-deferred'
import type { Collection } from '../storage/collection.js'
import type { Evidence } from '../storage/entries.js'
import { asset } from '../web/assets.js'
import { text } from '../web/form.js'
import { show } from '../web/page.js'
import { visitOf } from '../web/visit.js'
import { accountOf } from './accounts.js'
import { evidenceGivenIn, keepEvidence, kinds } from './evidence.js'
import { confirmPage } from './pages/confirm.js'
import { evidencePage } from './pages/evidence.js'
import { signInPage } from './pages/sign_in.js'

type Result = Parameters<Provider['interactionFinished']>[2]

/** Sign in, give evidence, confirm: the interactions a team already has, the evidence's reference being the only new thing. */
export function interactions(provider: Provider, evidence: Collection<Evidence>): Router {
  const router = new Router({ prefix: '/interaction/:uid' })

  async function finish(ctx: Context, result: Result): Promise<void> {
    const returnTo = await provider.interactionResult(ctx.req, ctx.res, result)
    ctx.status = 303
    ctx.redirect(returnTo)
  }

  router.get('/', async (ctx) => {
    const { uid, prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res)
    if (prompt.name === 'login') return show(ctx, signInPage(ctx, uid))
    const given = await evidenceGivenIn(evidence, uid)
    if (!given || 'again' in ctx.query) return show(ctx, evidencePage(ctx, uid))
    show(ctx, confirmPage(ctx, { uid, scope: String(params.scope), accountId: session?.accountId, given }))
  })

  router.post('/sign-in', async (ctx) => {
    const { uid } = await provider.interactionDetails(ctx.req, ctx.res)
    const { form } = visitOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password'))
      return show(ctx, signInPage(ctx, uid, 'Choose an account and type any password.'))
    await finish(ctx, { login: { accountId: account.id, amr: ['pwd'] } })
  })

  router.post('/evidence', async (ctx) => {
    const { uid } = await provider.interactionDetails(ctx.req, ctx.res)
    const { form } = visitOf(ctx)
    const picture = form.get('picture')
    const bytes = picture instanceof File ? new Uint8Array(await picture.arrayBuffer()) : new Uint8Array()
    const sample = text(form, 'sample') && asset('sample-passport.jpg')
    const problem = await keepEvidence(evidence, uid, sample ? 'passport' : text(form, 'kind'), sample || bytes)
    if (problem) return show(ctx, evidencePage(ctx, uid, problem))
    ctx.status = 303
    ctx.redirect(`/interaction/${uid}`)
  })

  router.get('/picture', async (ctx) => {
    const { uid } = await provider.interactionDetails(ctx.req, ctx.res)
    const given = await evidenceGivenIn(evidence, uid)
    if (!given) return
    ctx.type = given.type
    ctx.body = Buffer.from(given.bytes)
  })

  router.post('/confirm', async (ctx) => {
    const details = await provider.interactionDetails(ctx.req, ctx.res)
    const given = await evidenceGivenIn(evidence, details.uid)
    if (!given) return ctx.redirect(`/interaction/${details.uid}`)
    const grantId = await grantFor(provider, details)
    const context = { evidence: { reference: given._id, kind: kinds[given.kind], type: given.type } }
    await finish(ctx, { consent: { grantId }, deferral: { context } })
  })

  router.post('/decline', async (ctx) => {
    await finish(ctx, { error: 'access_denied', error_description: 'the customer decided not to go on' })
  })

  return router
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** Everything asked for is granted by the customer here; what the reviewer takes away later is the deferral's matter. */
async function grantFor(provider: Provider, { grantId, params, session }: Details): Promise<string> {
  const known = grantId ? await provider.Grant.find(grantId) : undefined
  const grant = known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope))
  return grant.save()
}
