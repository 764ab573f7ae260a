/*
 * AuthZEN Access Request OAuth Profile, "Re-evaluation and issuance": asks the policy decision point again before tokens are minted,
 * and answers the option `reconsider`.
 */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { beyond } from '../deferral/json.js'
import type { Allowance, Deferral, JsonObject, ReconsiderAnswer } from '../index.js'
import type { Decider } from './decider.js'
import { Unavailable } from './http.js'
import { nextActionOf } from './next_action.js'
import type { Outcome } from './outcome.js'
import { type Reevaluated, reevaluate } from './reevaluation.js'
import { approvedRequest, questionsOf } from './request.js'
import { fromTask, type TaskState } from './task_state.js'

/** Answers the option `reconsider`. */
export async function reconsider(
  ctx: KoaContextWithOIDC,
  deferral: Deferral,
  task: JsonObject | undefined,
  decider: Decider,
): Promise<ReconsiderAnswer> {
  const { settings, pauses, evaluate } = decider
  const { id } = deferral
  const left = pauses.left(id)
  if (left > 0) return { wait: left }
  const state = fromTask(task) ?? (await stateOf(ctx, deferral, decider))
  try {
    const reevaluated = await reevaluate(state, { evaluate, settings, requestId: decider.requestIdOf(id) })
    return redemptionOf(ctx, deferral, reevaluated, decider)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    settings.alert('the policy decision point cannot be asked', { deferral: id, reason: error.message })
    return { wait: pauses.begin(id, error.retryAfter) }
  }
}

// a deferral without a task, which waited for another reason
async function stateOf(ctx: KoaContextWithOIDC, deferral: Deferral, { settings }: Decider): Promise<TaskState> {
  const request = await approvedRequest(ctx, deferral, settings)
  return { request, evaluations: questionsOf(request, settings), items: [], generation: 0, attempts: 0 }
}

function redemptionOf(
  ctx: KoaContextWithOIDC,
  deferral: Deferral,
  { outcome, until }: Reevaluated,
  decider: Decider,
): ReconsiderAnswer {
  const { pauses, settings } = decider
  const { id } = deferral
  if (outcome.kind !== 'permit') return refused(id, outcome, decider)
  pauses.end(id)
  decider.keepClaims(ctx, outcome.claims)
  const allow = within(deferral, outcome.allow ?? {})
  if (!until) return Object.keys(allow).length > 0 ? { allow } : true
  const seconds = Math.floor((until.getTime() - Date.now()) / 1000)
  if (seconds < 1) return false
  const expiresIn = Math.min(allow.expiresIn ?? seconds, seconds)
  const refreshToken = settings.accessRequest?.refreshTokens ?? false
  if (refreshToken) decider.warnOfRefreshTokens()
  return { allow: { ...allow, expiresIn, refreshToken } }
}

function refused(id: string, outcome: Exclude<Outcome, { kind: 'permit' }>, decider: Decider): ReconsiderAnswer {
  const { pauses, settings } = decider
  const { contexts, problem } = { contexts: [], problem: undefined, ...outcome }
  const { action, retryAfter } = nextActionOf(contexts)
  if (action === 'retry' && problem === undefined) return { wait: pauses.begin(id, retryAfter) }
  settings.alert('the policy decision point denies an approved request', { deferral: id })
  return false
}

function common(entries: JsonObject[], others: JsonObject[]): JsonObject[] {
  const wider = new Set(beyond(entries, others))
  return entries.filter((entry) => !wider.has(entry))
}

// the answer is about the request: the decision may be narrower
function within({ decision }: Deferral, allow: Allowance): Allowance {
  const { scope, resource, authorizationDetails: details } = decision ?? {}
  return {
    ...allow,
    ...(allow.scope && scope && { scope: allow.scope.filter((name) => scope.includes(name)) }),
    ...(allow.resource && resource && { resource: allow.resource.filter((name) => resource.includes(name)) }),
    ...(allow.authorizationDetails && details && { authorizationDetails: common(allow.authorizationDetails, details) }),
  }
}
