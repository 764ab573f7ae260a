import type { Context } from 'koa'
import type { Journey, JourneyStatus } from '../../storage/entries.js'
import { steps } from '../../web/card.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { csrfField } from '../../web/visit.js'
import { describeProgress } from '../progress.js'
import { openAccount } from './open_account.js'

const stages = ['Document sent', 'Being checked', 'Account open']

function again(ctx: Context): Html {
  return html`<form method="post" action="/account">${csrfField(ctx)}<button class="button">Start again</button></form>`
}

function checking(ctx: Context, journey: Journey, desk: string): Html {
  return html`
${steps(stages, 1)}
<section class="card" id="checking">
<h1>We are checking your document</h1>
<p class="lead">You can close this page. Your request stays with us, and the answer will be here when you come back.</p>
<div class="live"><span class="pulse" aria-hidden="true"></span>
<p id="progress" role="status" aria-live="polite">${describeProgress(journey.progress)}</p></div>
<noscript><p><a href="/account">Look again</a></p></noscript>
<div class="actions"><form method="post" action="/account/cancel">${csrfField(ctx)}<button class="button quiet">Cancel my request</button></form></div>
</section>
<p class="note">Demo: <a href="${desk}/" target="_blank" rel="noopener">open the reviewer's desk in a new tab</a> and decide.</p>`
}

function ended(ctx: Context, tone: string, title: string, text: Html): Html {
  return html`
<section class="card ${tone}">
<span class="sign" aria-hidden="true"></span>
<h1>${title}</h1>
${text}
<div class="actions">${again(ctx)}<a class="button quiet" href="/">Back to the start</a></div>
</section>`
}

const titles: Record<JourneyStatus, string> = {
  started: 'Sign in to go on',
  checking: 'We are checking your document',
  open: 'Your account is open',
  refused: 'We could not open an account',
  cancelled: 'You cancelled your request',
  expired: 'Your request has expired',
  failed: 'Something went wrong',
}

function body(ctx: Context, journey: Journey, desk: string): Html {
  const title = titles[journey.status]
  switch (journey.status) {
    case 'open':
      return openAccount(title, journey)
    case 'refused': {
      const reason = journey.reason ?? 'no reason was given'
      return ended(ctx, 'bad', title, html`<p class="lead">The answer was:</p><blockquote>${reason}</blockquote>`)
    }
    case 'cancelled':
      return ended(
        ctx,
        'plain',
        title,
        html`<p class="lead">Nobody will look at your document any more, and no account was opened.</p>`,
      )
    case 'expired':
      return ended(
        ctx,
        'plain',
        title,
        html`<p class="lead">Nobody decided in time. We are sorry: please ask again.</p>`,
      )
    case 'failed':
      return ended(
        ctx,
        'bad',
        title,
        html`<p class="lead">We lost track of your request (${journey.reason}). Please ask again.</p>`,
      )
    default:
      return checking(ctx, journey, desk)
  }
}

export function accountPage(ctx: Context, journey: Journey, desk: string): Page {
  const title = titles[journey.status]
  const script = journey.status === 'checking' && 'checking.js'
  return { site: 'relying-party', title, narrow: true, main: body(ctx, journey, desk), ...(script && { script }) }
}
