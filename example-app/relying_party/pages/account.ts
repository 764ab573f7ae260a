import type { Context } from 'koa'
import type { Journey, JourneyStatus } from '../../storage/entries.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { checking } from './checking.js'
import { endingCard } from './ending.js'
import { openAccount } from './open_account.js'

const stages = ['Document sent', 'Being checked', 'Account open']

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
  const { purpose, status } = journey
  const title = titles[status]
  switch (status) {
    case 'open':
      return openAccount(title, journey)
    case 'refused': {
      const reason = journey.reason ?? 'no reason was given'
      return endingCard(
        ctx,
        { purpose, tone: 'bad', title },
        html`<p class="lead">The answer was:</p><blockquote>${reason}</blockquote>`,
      )
    }
    case 'cancelled':
      return endingCard(
        ctx,
        { purpose, tone: 'plain', title },
        html`<p class="lead">Nobody will look at your document any more. We opened no account.</p>`,
      )
    case 'expired':
      return endingCard(
        ctx,
        { purpose, tone: 'plain', title },
        html`<p class="lead">We are sorry: we did not decide in time. Please ask again.</p>`,
      )
    case 'failed':
      return endingCard(
        ctx,
        { purpose, tone: 'bad', title },
        html`<p class="lead">We could not finish your request (${journey.reason}). Please ask again.</p>`,
      )
    default:
      return checking(ctx, journey, {
        title,
        stages,
        desk,
        text: html`<p class="lead">You can close this page. The answer will be here when you come back.</p>`,
      })
  }
}

export function accountPage(ctx: Context, journey: Journey, desk: string): Page {
  const title = titles[journey.status]
  const script = journey.status === 'checking' && 'checking.js'
  return { site: 'relying-party', title, narrow: true, main: body(ctx, journey, desk), ...(script && { script }) }
}
