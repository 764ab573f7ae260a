import Router from '@koa/router'
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider-deferred'
import type { Collection } from '../storage/collection.js'
import type { Evidence } from '../storage/entries.js'
import { asset } from '../web/assets.js'
import { formOf, text } from '../web/form.js'
import { show } from '../web/page.js'
import { accountOf } from './accounts.js'
import { kinds, latestEvidence, storeEvidence } from './evidence.js'
import { grantFor } from './grant.js'
import { opensAccount, stagesOf } from './opening.js'
import { confirmPage } from './pages/confirm.js'
import { evidencePage } from './pages/evidence.js'
import { signInPage } from './pages/sign_in.js'

type Result = Parameters<Provider['interactionFinished']>[2]
type Step = (ctx: Context) => Promise<void>

/** Ends the interaction. oidc-provider sends the redirect itself. */
async function finish(provider: Provider, ctx: Context, result: Result): Promise<void> {
  await provider.interactionFinished(ctx.req, ctx.res, result)
  ctx.respond = false
}

/** The page for oidc-provider's prompt: sign in, show a document, or confirm. */
function showPage(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid, prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res)
    const stages = stagesOf(params)
    if (prompt.name === 'login') return show(ctx, signInPage(ctx, { uid, stages }))
    const document = await latestEvidence(evidence, uid)
    const isMissing = opensAccount(params) && (!document || 'again' in ctx.query)
    if (isMissing) return show(ctx, evidencePage(ctx, { uid, stages }))
    show(ctx, confirmPage(ctx, { uid, stages, scope: String(params.scope), accountId: session?.accountId, document }))
  }
}

function signIn(provider: Provider): Step {
  return async (ctx) => {
    const { uid, params } = await provider.interactionDetails(ctx.req, ctx.res)
    const form = formOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password')) {
      const problem = 'Choose an account and type any password.'
      return show(ctx, signInPage(ctx, { uid, stages: stagesOf(params), problem }))
    }
    await finish(provider, ctx, { login: { accountId: account.id, amr: ['pwd'] } })
  }
}

function uploadEvidence(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid, params } = await provider.interactionDetails(ctx.req, ctx.res)
    const form = formOf(ctx)
    const sample = text(form, 'sample') && asset('sample-passport.jpg')
    const picture = sample || (ctx.file?.buffer ?? Buffer.alloc(0))
    const problem = await storeEvidence(evidence, uid, sample ? 'passport' : text(form, 'kind'), picture)
    if (problem) return show(ctx, evidencePage(ctx, { uid, stages: stagesOf(params), problem }))
    ctx.status = 303
    ctx.redirect(`/interaction/${uid}`)
  }
}

function showPicture(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid } = await provider.interactionDetails(ctx.req, ctx.res)
    const document = await latestEvidence(evidence, uid)
    if (!document) return
    ctx.type = document.type
    ctx.set('Cache-Control', 'private, no-store')
    ctx.body = Buffer.from(document.bytes)
  }
}

/** Ends the interaction. With an account to open, the deferral's `context` carries the reference of the evidence. */
function confirm(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const details = await provider.interactionDetails(ctx.req, ctx.res)
    const consent = async () => ({ consent: { grantId: await grantFor(provider, details) } })
    if (!opensAccount(details.params)) return finish(provider, ctx, await consent())
    const document = await latestEvidence(evidence, details.uid)
    if (!document) return ctx.redirect(`/interaction/${details.uid}`)
    const context = { evidence: { reference: document._id, kind: kinds[document.kind], type: document.type } }
    await finish(provider, ctx, { ...(await consent()), deferral: { context } })
  }
}

function decline(provider: Provider): Step {
  const result = { error: 'access_denied', error_description: 'the customer declined' }
  return (ctx) => finish(provider, ctx, result)
}

/** Ordinary interactions, with one step more: sign in, show a document, confirm. */
export function interactions(provider: Provider, evidence: Collection<Evidence>): Router {
  return new Router({ prefix: '/interaction/:uid' })
    .get('/', showPage(provider, evidence))
    .post('/sign-in', signIn(provider))
    .post('/evidence', uploadEvidence(provider, evidence))
    .get('/picture', showPicture(provider, evidence))
    .post('/confirm', confirm(provider, evidence))
    .post('/decline', decline(provider))
}
