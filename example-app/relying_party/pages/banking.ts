import type { Context } from 'koa'
import type { Journey, JourneyStatus } from '../../storage/entries.js'
import { type Html, html } from '../../web/html.js'
import type { Page } from '../../web/page.js'
import { checking } from './checking.js'
import { endingCard } from './ending.js'

const stages = ['Signed in', 'Being checked', 'Online banking']

const titles: Record<JourneyStatus, string> = {
  started: 'Sign in to go on',
  checking: 'We are checking this sign-in',
  open: 'You are signed in',
  refused: 'We could not sign you in',
  cancelled: 'You cancelled the sign-in',
  expired: 'This sign-in has expired',
  failed: 'Something went wrong',
}

const explanations: Partial<Record<JourneyStatus, string>> = {
  cancelled: 'Nobody will check it any more.',
  expired: 'We did not decide in time. Please sign in again.',
  failed: 'We could not finish this sign-in. Please sign in again.',
}

function body(ctx: Context, journey: Journey, desk: string): Html {
  const { purpose, status, claims, reason = 'no reason was given' } = journey
  const title = titles[status]
  switch (status) {
    case 'checking': {
      const text = html`<p class="lead">Our fraud monitoring found it unusual, so a person checks it. No money can move before that.</p>`
      return checking(ctx, journey, { title, stages, desk, text })
    }
    case 'open':
      return endingCard(
        ctx,
        { purpose, tone: 'good', title },
        html`<p class="lead">Welcome back, ${String(claims?.name)}. You may send payments.</p>`,
      )
    case 'refused':
      return endingCard(
        ctx,
        { purpose, tone: 'bad', title },
        html`<p class="lead">The answer was:</p><blockquote>${reason}</blockquote>`,
      )
    default:
      return endingCard(ctx, { purpose, tone: 'plain', title }, html`<p class="lead">${explanations[status]}</p>`)
  }
}

/** Every state of a sign-in. */
export function bankingPage(ctx: Context, journey: Journey, desk: string): Page {
  const title = titles[journey.status]
  const script = journey.status === 'checking' && 'checking.js'
  return { site: 'relying-party', title, narrow: true, main: body(ctx, journey, desk), ...(script && { script }) }
}
