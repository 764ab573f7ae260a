import Router from '@koa/router'
import type { Context } from 'koa'
import { errors } from 'oidc-provider'
import type { Provider } from 'oidc-provider-deferred'
import type { Collection } from '../../storage/collection.js'
import type { Question } from '../../storage/entries.js'
import { formOf, text } from '../../web/form.js'
import { show } from '../../web/page.js'
import { renewSession, sessionOf } from '../../web/session.js'
import { accountOf } from '../accounts.js'
import { askedPage, lockedPage, quietPage } from './pages.js'

/** What the page of the phone needs. */
export interface PhoneOptions {
  provider: Provider
  questions: Collection<Question>
}

/** The newest question of this customer that is still open. */
async function openQuestion({ provider, questions }: PhoneOptions, accountId: string): Promise<Question | undefined> {
  const question = (await questions.find({ accountId, answer: null })).at(-1)
  const deferral = question && (await provider.deferrals.get(question.deferralId))
  return deferral?.status === 'pending' && !deferral.expired ? question : undefined
}

/** Hands the answer to the provider. The first answer counts; the deferral's own rules decide the rest. */
async function answer(options: PhoneOptions, question: Question, isYes: boolean): Promise<void> {
  const { provider, questions } = options
  const changes = { answer: isYes ? 'yes' : 'no' } as const
  if (!(await questions.update(question._id, { answer: null }, changes))) return
  if (!isYes) return provider.backchannelResult(question._id, new errors.AccessDenied('it was not me'))
  const grant = new provider.Grant({ accountId: question.accountId, clientId: question.clientId })
  grant.addOIDCScope(question.scope)
  await provider.backchannelResult(question._id, await grant.save())
}

/** The customer's phone, as a page. Opening it answers nothing. */
export function phone(options: PhoneOptions): Router {
  const router = new Router({ prefix: '/phone' })
  const back = (ctx: Context) => {
    ctx.status = 303
    ctx.redirect('/phone')
  }

  router.get('/', async (ctx) => {
    const customer = accountOf(sessionOf(ctx).user)?.id
    if (!customer) return show(ctx, lockedPage(ctx))
    const question = await openQuestion(options, customer)
    show(ctx, question ? askedPage(ctx, question) : quietPage())
  })

  router.post('/sign-in', (ctx) => {
    const form = formOf(ctx)
    const account = accountOf(text(form, 'account'))
    if (!account || !text(form, 'password'))
      return show(ctx, lockedPage(ctx, 'Choose an account and type any password.'))
    renewSession(ctx, account.id)
    back(ctx)
  })

  for (const word of ['yes', 'no'] as const) {
    router.post(`/:id/${word}`, async (ctx) => {
      const customer = accountOf(sessionOf(ctx).user)?.id
      const question = customer && (await openQuestion(options, customer))
      if (question && question.deferralId === ctx.params.id) await answer(options, question, word === 'yes')
      back(ctx)
    })
  }
  return router
}
