import Router from '@koa/router'
import type { Context } from 'koa'
import type { Provider } from 'oidc-provider-deferred'
import type { Collection } from '../storage/collection.js'
import type { Evidence } from '../storage/entries.js'
import { asset } from '../web/assets.js'
import { formOf, text } from '../web/form.js'
import { show } from '../web/page.js'

import { accountOf } from './accounts.js'
import { evidenceGivenIn, keepEvidence, kinds } from './evidence.js'
import { grantFor } from './grant.js'
import { opensAccount, stagesOf } from './opening.js'
import { confirmPage } from './pages/confirm.js'
import { evidencePage } from './pages/evidence.js'
import { signInPage } from './pages/sign_in.js'

type Result = Parameters<Provider['interactionFinished']>[2]
type Step = (ctx: Context) => Promise<void>

/** The host answers by itself, with a redirect to where it left off. */
async function finish(provider: Provider, ctx: Context, result: Result): Promise<void> {
  await provider.interactionFinished(ctx.req, ctx.res, result)
  ctx.respond = false
}

/** The page that the host's prompt, and what has been given so far, call for. */
function showPage(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid, prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res)
    const stages = stagesOf(params)
    if (prompt.name === 'login') return show(ctx, signInPage(ctx, { uid, stages }))
    const given = await evidenceGivenIn(evidence, uid)
    const missing = opensAccount(params) && (!given || 'again' in ctx.query)
    if (missing) return show(ctx, evidencePage(ctx, { uid, stages }))
    show(ctx, confirmPage(ctx, { uid, stages, scope: String(params.scope), accountId: session?.accountId, given }))
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

function giveEvidence(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid, params } = await provider.interactionDetails(ctx.req, ctx.res)
    const form = formOf(ctx)
    const sample = text(form, 'sample') && asset('sample-passport.jpg')
    const picture = sample || (ctx.file?.buffer ?? Buffer.alloc(0))
    const problem = await keepEvidence(evidence, uid, sample ? 'passport' : text(form, 'kind'), picture)
    if (problem) return show(ctx, evidencePage(ctx, { uid, stages: stagesOf(params), problem }))
    ctx.status = 303
    ctx.redirect(`/interaction/${uid}`)
  }
}

function showPicture(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const { uid } = await provider.interactionDetails(ctx.req, ctx.res)
    const given = await evidenceGivenIn(evidence, uid)
    if (!given) return
    ctx.type = given.type
    ctx.set('Cache-Control', 'private, no-store')
    ctx.body = Buffer.from(given.bytes)
  }
}

/** The one place that knows of deferrals: the evidence's reference goes to the reviewers, as `context`. */
function confirm(provider: Provider, evidence: Collection<Evidence>): Step {
  return async (ctx) => {
    const details = await provider.interactionDetails(ctx.req, ctx.res)
    const consent = async () => ({ consent: { grantId: await grantFor(provider, details) } })
    if (!opensAccount(details.params)) return finish(provider, ctx, await consent())
    const given = await evidenceGivenIn(evidence, details.uid)
    if (!given) return ctx.redirect(`/interaction/${details.uid}`)
    const context = { evidence: { reference: given._id, kind: kinds[given.kind], type: given.type } }
    await finish(provider, ctx, { ...(await consent()), deferral: { context } })
  }
}

function decline(provider: Provider): Step {
  const result = { error: 'access_denied', error_description: 'the customer decided not to go on' }
  return (ctx) => finish(provider, ctx, result)
}

/** Sign in, give evidence, confirm: the interactions of any team, with a picture on the way. */
export function interactions(provider: Provider, evidence: Collection<Evidence>): Router {
  return new Router({ prefix: '/interaction/:uid' })
    .get('/', showPage(provider, evidence))
    .post('/sign-in', signIn(provider))
    .post('/evidence', giveEvidence(provider, evidence))
    .get('/picture', showPicture(provider, evidence))
    .post('/confirm', confirm(provider, evidence))
    .post('/decline', decline(provider))
}
