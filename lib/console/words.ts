import type { By, Deferral, DeferralStatus } from '../index.js'
import { display } from './display.js'
import { type SafeHtml, safe } from './safe.js'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/** A duration in words, in the largest unit of which there are two, or one of the next. */
export function duration(seconds: number): string {
  if (seconds < minute) return 'less than a minute'
  if (seconds < 2 * hour) return plural(Math.floor(seconds / minute), 'minute')
  if (seconds < 2 * day) return plural(Math.floor(seconds / hour), 'hour')
  return plural(Math.floor(seconds / day), 'day')
}

const secondsBetween = (from: Date, to: Date) => Math.floor((to.getTime() - from.getTime()) / 1000)

/** The exact time, in UTC. */
export function exact(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

function time(date: Date, words: string): SafeHtml {
  return safe`<time datetime="${date.toISOString()}" title="${exact(date)}">${words}</time>`
}

/** How long ago this was; the exact time shows on hover. */
export function since(date: Date, now: Date): SafeHtml {
  return time(date, `${duration(Math.max(0, secondsBetween(date, now)))} ago`)
}

/** The exact time, as text. */
export function moment(date: Date): SafeHtml {
  return safe`<time datetime="${date.toISOString()}">${exact(date)}</time>`
}

/** A time that lies ahead, in words and in a colour for how soon it is: `late` it has passed, `soon` within the hour. */
export function deadline(date: Date, now: Date, [ahead, late]: readonly [ahead: string, late: string]): SafeHtml {
  const left = secondsBetween(now, date)
  const urgency = left < 0 ? 'late' : left < hour ? 'soon' : 'later'
  const words = left < 0 ? `${late} ${duration(-left)}` : `${ahead} ${duration(left)}`
  return safe`<span class="deadline ${urgency}">${time(date, words)}</span>`
}

/** When it should be decided. */
export const dueWords = ['due in', 'overdue by'] as const
/** When it ends undecided. */
export const expiryWords = ['expires in', 'expired for'] as const

/** The states of a request, as operators read them. Expiry is no status of a deferral, but operators need to see it first. */
export const statusNames = {
  pending: 'To decide',
  approved: 'Approved',
  denied: 'Refused',
  cancelled: 'Cancelled',
  redeemed: 'Finished',
  expired: 'Expired',
} as const satisfies Record<DeferralStatus | 'expired', string>

export type ShownStatus = keyof typeof statusNames

/** The state that a page shows. */
export function statusOf({ status, expired }: Deferral): ShownStatus {
  return expired && (status === 'pending' || status === 'approved') ? 'expired' : status
}

/** The state as a coloured word. */
export function badge(deferral: Deferral): SafeHtml {
  const status = statusOf(deferral)
  const words = status === 'pending' && deferral.interaction ? 'Waits for the person' : statusNames[status]
  return safe`<span class="badge ${status}">${words}</span>`
}

const grantNames: Record<string, string> = {
  openid: 'Deferred sign-in',
  authorization_code: 'Sign-in',
  client_credentials: 'Access for a client',
  'urn:ietf:params:oauth:grant-type:device_code': 'Sign-in on a device',
  'urn:openid:params:grant-type:ciba': 'Sign-in without a browser',
  implicit: 'Sign-in of a browser application',
}

/** The kinds of request that this library knows. */
export const kindsOfRequest: readonly string[] = ['openid', ...Object.keys(grantNames).slice(1)]

/** What `kind` filters by: the grant type, or `openid`. */
export function kindOf({ profile, grantType }: Deferral): string {
  return profile === 'openid' ? 'openid' : (grantType ?? 'openid')
}

/** The kind in words. */
export function kindName(kind: string): string {
  return (Object.hasOwn(grantNames, kind) && grantNames[kind]) || display(kind, 80)
}

/** Who did it, as a list of names. */
export function namesOf(by: By | undefined): string[] {
  return by === undefined ? [] : [by].flat()
}
