/*
 * AuthZEN Access Request and Approval Profile, "Re-evaluation Denials": what a denial after the wait means.
 */
import type { JsonObject } from '../index.js'

/** `retry`: ask again later. `request`: the access can be requested anew. `none`: the denial is final. */
export type NextAction = 'retry' | 'request' | 'none'

const actions: readonly unknown[] = ['retry', 'request', 'none'] satisfies NextAction[]

const defaults: Record<string, NextAction> = {
  approval_expired: 'request',
  out_of_scope: 'request',
  grant_pending: 'retry',
  policy_denied: 'none',
  approval_unverifiable: 'none',
}

/** What to do after these denials: the most final of their actions. */
export function nextActionOf(contexts: readonly JsonObject[]): { action: NextAction; retryAfter: number | undefined } {
  const each = contexts.map(actionOf)
  const action = each.includes('none') ? 'none' : each.includes('request') ? 'request' : 'retry'
  const delays = contexts.map(({ retry_after: delay }) => (isDelay(delay) ? delay : 0))
  const retryAfter = Math.max(0, ...delays)
  return { action: each.length === 0 ? 'none' : action, retryAfter: retryAfter > 0 ? retryAfter : undefined }
}

function actionOf({ next_action: next, reason, access_request: access }: JsonObject): NextAction {
  if (isAction(next)) return next === 'request' && access === undefined ? 'none' : next
  const preset = typeof reason === 'string' && Object.hasOwn(defaults, reason) ? defaults[reason] : undefined
  const action = preset ?? 'request'
  return action === 'request' && access === undefined ? 'none' : action
}

function isAction(value: unknown): value is NextAction {
  return actions.includes(value)
}

function isDelay(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}
