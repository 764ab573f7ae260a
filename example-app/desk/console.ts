import type Koa from 'koa'
import type { Deferral, Provider } from 'oidc-provider-deferred'
import { createConsole, safe } from 'oidc-provider-deferred/console'
import { nameOf } from '../provider/accounts.js'
import { confirmationUri } from '../provider/confirmation/application.js'
import { customerOf } from '../provider/customer.js'
import { paymentsResource } from '../provider/payment.js'
import { scopeNamed } from '../provider/scopes.js'
import { sessionOf } from '../web/session.js'
import { panelsOf } from './panels.js'
import { paymentEditor, paymentWords } from './payment.js'
import { kindOf } from './request_kind.js'
import { reviewers, reviewerWith } from './reviewers.js'

function nameOfPayer(deferral: Deferral): string | undefined {
  const customer = customerOf(deferral)
  return customer && nameOf(customer)
}

interface ConsoleNeeds {
  provider: Provider
  confirmation: string
  now?: (() => Date) | undefined
}

/** The console of the reviewers, with the words, the panels and the colours of the bank. */
export function reviewersConsole({ provider, confirmation, now }: ConsoleNeeds): Koa {
  return createConsole(provider, {
    ...(now && { now }),
    authenticate: (ctx) => reviewerWith(sessionOf(ctx).user),
    operators: () => reviewers,
    panels: panelsOf,
    details: { payment: paymentEditor },
    interactionUri: (deferral: Deferral) =>
      customerOf(deferral) !== undefined && confirmationUri(confirmation, deferral.id),
    header: (ctx, { title }) => safe`<span>${title}</span>
<form method="post" action="/sign-out"><input type="hidden" name="_csrf" value="${ctx.state._csrf}"><button class="link">Sign out</button></form>`,
    brand: { name: 'Harbour Desk', logo: '/assets/harbour.svg' },
    texts: {
      person: nameOf,
      subject: nameOfPayer,
      scope: scopeNamed,
      resource: (uri) => (uri === paymentsResource ? { label: 'The payment interface of the bank' } : undefined),
      detail: paymentWords,
      kind: (deferral) => kindOf(deferral).name,
      reasons: (deferral) => kindOf(deferral).reasons,
      step: (deferral) => kindOf(deferral).step,
    },
  })
}
