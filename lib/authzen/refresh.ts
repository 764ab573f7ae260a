/*
 * AuthZEN Access Request OAuth Profile, "Re-evaluation and issuance": standing access may use refresh tokens, if the policy decision
 * point is asked again at each refresh. The host has validated the refresh then, all but `resource`, and has not consumed the refresh
 * token.
 */
import { randomUUID } from 'node:crypto'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { mustBe } from '../deferral/shape.js'
import { type LimitedRefresh, limitedRefreshOf } from '../protocol/limited_refresh.js'
import type { SafeAlert } from './alert.js'
import type { Decider } from './decider.js'
import type { Answer, Evaluation } from './evaluation.js'
import { Unavailable } from './http.js'
import { type Outcome, outcomeOf } from './outcome.js'
import { endOf } from './reevaluation.js'
import { refreshRefusal, unavailable } from './refusals.js'
import { questionsOf, refreshRequest } from './request.js'

/** A value of `rotateRefreshToken` in the host's configuration. */
export type Rotation = boolean | ((ctx: KoaContextWithOIDC) => Promise<boolean> | boolean)

// a token with a shorter life could expire before it is stored, after the refresh token was consumed
const leastSeconds = 2

const rotation = mustBe(
  'true, false or a function',
  (value): value is Rotation => typeof value === 'boolean' || typeof value === 'function',
)

/** The function for `rotateRefreshToken` of the host: asks the policy decision point, and then decides as `rotate` does. */
export function reconsideredRotation(
  rotate: Rotation,
  decider: Decider,
): (ctx: KoaContextWithOIDC) => Promise<boolean> {
  const checked = rotation(rotate, 'authzen: rotateRefreshToken')
  return async (ctx) => {
    const refresh = await limitedRefreshOf(ctx)
    if (refresh) await reconsiderRefresh(ctx, refresh, decider)
    return typeof checked === 'function' ? checked(ctx) : checked
  }
}

async function reconsiderRefresh(ctx: KoaContextWithOIDC, refresh: LimitedRefresh, decider: Decider): Promise<void> {
  const { settings, keepClaims } = decider
  const request = await refreshRequest(ctx, refresh, settings)
  const evaluations = questionsOf(request, settings)
  const facts = { client: request.clientId, request: randomUUID() }
  const answers = await answersTo(ctx, evaluations, facts, decider)
  refresh.assertConnected()
  const composition = { partial: 'deny' as const, claims: settings.claims, isRequestable: () => false }
  const outcome = outcomeOf(request, evaluations, answers, composition)
  const seconds = secondsOf(outcome, answers)
  const problem = problemOf(outcome, seconds)
  if (problem !== undefined) {
    settings.alert('a permit of the policy decision point cannot be applied', { ...facts, reason: problem })
    throw refreshRefusal()
  }
  if (outcome.kind !== 'permit') {
    settings.alert('the policy decision point denies a refresh', facts)
    throw refreshRefusal()
  }
  if (Number.isFinite(seconds)) refresh.endAfter(seconds)
  keepClaims(ctx, outcome.claims)
}

async function answersTo(
  ctx: KoaContextWithOIDC,
  evaluations: readonly Evaluation[],
  facts: { client: string; request: string },
  { settings, evaluate }: Decider,
): Promise<Answer[]> {
  try {
    return await evaluate(evaluations, { requestId: facts.request })
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    settings.alert('the policy decision point cannot be asked', { ...facts, reason: error.message })
    throw unavailable(ctx, error.retryAfter, error)
  }
}

/** The seconds for which the tokens may live: a permit may name a lifetime, and the end of an approval that it knows. */
function secondsOf(outcome: Outcome, answers: readonly Answer[]): number {
  const { expiresIn = Number.POSITIVE_INFINITY } = (outcome.kind === 'permit' && outcome.allow) || {}
  const until = endOf(answers.map(({ context }) => context.approval))
  return until ? Math.min(expiresIn, Math.floor((until.getTime() - Date.now()) / 1000)) : expiresIn
}

/** Why a permit cannot be applied. */
function problemOf(outcome: Outcome, seconds: number): string | undefined {
  if (outcome.kind !== 'permit') return outcome.kind === 'deny' ? outcome.problem : undefined
  const { expiresIn, ...narrower } = outcome.allow ?? {}
  // the refresh token keeps its rights
  if (Object.keys(narrower).length > 0) return 'a refresh cannot be narrowed'
  return seconds < leastSeconds ? 'a token would end at once' : undefined
}

/** Warns if a refresh token is issued and `rotateRefreshToken` was never called. */
export interface RefreshCheck {
  use(): void
  /** Says once that nothing is asked at a refresh. */
  warn(): void
}

/** Creates the check of one `authzen`. */
export function createRefreshCheck(alert: SafeAlert): RefreshCheck {
  let isDone = false
  return {
    use: () => {
      isDone = true
    },
    warn: () => {
      if (isDone) return
      isDone = true
      alert('refresh tokens are issued, and rotateRefreshToken of authzen is not used', {})
    },
  }
}
