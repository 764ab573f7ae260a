import { randomUUID } from 'node:crypto'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type {
  DeferAnswer,
  DeferRequest,
  Deferral,
  DeferredTokenResponseOptions,
  JsonObject,
  ReconsiderAnswer,
} from '../index.js'
import { createEgress } from '../notification/egress/egress.js'
import { egressRules } from '../notification/egress/rules.js'
import { createAsk, Unavailable } from './http.js'
import { createMetadata } from './metadata.js'
import { nextActionOf } from './next_action.js'
import { type AuthzenOptions, type AuthzenSettings, settingsOf } from './options.js'
import { type Outcome, outcomeOf } from './outcome.js'
import { createPauses, type Pauses } from './pauses.js'
import { createEvaluate, type Evaluate } from './pdp.js'
import { refusalOf, unavailable } from './refusals.js'
import { approvedRequest, questionsOf, requested } from './request.js'

const keepAlive = 30_000

/** Members for `features.deferredTokenResponse`, and a helper for the host's configuration. */
export interface Authzen extends Required<Pick<DeferredTokenResponseOptions, 'defer' | 'reconsider'>> {
  /** claims that the policy decision point adds to the access token of this request, for the host's `extraTokenClaims` */
  tokenClaims: (ctx: KoaContextWithOIDC) => JsonObject | undefined
  /** Closes the connections. */
  close(): Promise<void>
}

/**
 * Lets a policy decision point decide which requests get tokens, which are refused, and which wait. It is asked by the
 * Authorization API 1.0 when a request comes, and again when its tokens are minted.
 *
 * ```ts
 * const { defer, reconsider } = authzen({ pdp: 'https://pdp.example.com' })
 * const provider = new Provider(issuer, { features: { deferredTokenResponse: { defer, reconsider } } })
 * ```
 */
export function authzen(options: AuthzenOptions): Authzen {
  const settings = settingsOf(options)
  const { egress: permissions, authenticate, timeout, pdp, endpoints } = settings
  const egress = createEgress(egressRules(permissions, undefined), { ...permissions, keepAlive })
  const ask = createAsk(egress, authenticate, timeout)
  const claims = new WeakMap<KoaContextWithOIDC, JsonObject>()
  const decider: Decider = {
    settings,
    evaluate: createEvaluate(ask, createMetadata(pdp, endpoints, ask)),
    pauses: createPauses(),
    keepClaims: (ctx, value) => void claims.set(ctx, value),
  }
  return {
    defer: (ctx, request) => defer(ctx, request, decider),
    reconsider: (ctx, deferral) => reconsider(ctx, deferral, decider),
    tokenClaims: (ctx) => claims.get(ctx),
    close: () => egress.close(),
  }
}

interface Decider {
  settings: AuthzenSettings
  evaluate: Evaluate
  pauses: Pauses
  keepClaims: (ctx: KoaContextWithOIDC, claims: JsonObject) => void
}

async function defer(ctx: KoaContextWithOIDC, request: DeferRequest, decider: Decider): Promise<DeferAnswer> {
  const { settings } = decider
  try {
    const issuance = await requested(ctx, request, settings)
    const questions = questionsOf(issuance, settings)
    const answers = await decider.evaluate(questions, { requestId: requestIdOf(request.id) })
    const outcome = outcomeOf(issuance, questions, answers, { ...settings, isRequestable: () => false })
    return answerTo(ctx, request, outcome, decider)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    settings.alert('the policy decision point cannot be asked', { deferral: request.id, reason: error.message })
    throw unavailable(ctx, error.retryAfter, error)
  }
}

function answerTo(ctx: KoaContextWithOIDC, request: DeferRequest, outcome: Outcome, decider: Decider): DeferAnswer {
  if (outcome.kind !== 'permit') return refuse(request, outcome, decider)
  decider.keepClaims(ctx, outcome.claims)
  if (!outcome.allow) return false
  if (request.profile === 'oauth') return { allow: outcome.allow }
  // tokens of the authorization endpoint cannot be narrowed
  if (request.grantType !== undefined) throw refusalOf(request, 'gate')
  // asked again when the client redeems its code, or when the deferral is approved
  return false
}

function refuse(request: DeferRequest, outcome: Exclude<Outcome, { kind: 'permit' }>, { settings }: Decider): never {
  if (outcome.kind === 'requestable') throw refusalOf(request, 'gate')
  if (outcome.problem !== undefined) {
    settings.alert('a permit of the policy decision point cannot be applied', {
      deferral: request.id,
      reason: outcome.problem,
    })
  }
  throw refusalOf(request, outcome.concern)
}

async function reconsider(ctx: KoaContextWithOIDC, deferral: Deferral, decider: Decider): Promise<ReconsiderAnswer> {
  const { settings, pauses } = decider
  const { id } = deferral
  const left = pauses.left(id)
  if (left > 0) return { wait: left }
  try {
    const issuance = await approvedRequest(ctx, deferral, settings)
    const questions = questionsOf(issuance, settings)
    const answers = await decider.evaluate(questions, { requestId: requestIdOf(id) })
    const outcome = outcomeOf(issuance, questions, answers, { ...settings, isRequestable: () => false })
    return redemptionOf(ctx, id, outcome, decider)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    settings.alert('the policy decision point cannot be asked', { deferral: id, reason: error.message })
    return { wait: pauses.begin(id, error.retryAfter) }
  }
}

function redemptionOf(ctx: KoaContextWithOIDC, id: string, outcome: Outcome, decider: Decider): ReconsiderAnswer {
  const { pauses, settings } = decider
  if (outcome.kind === 'permit') {
    pauses.end(id)
    decider.keepClaims(ctx, outcome.claims)
    return outcome.allow ? { allow: outcome.allow } : true
  }
  if (outcome.kind === 'requestable') return false
  const { action, retryAfter } = nextActionOf(outcome.contexts)
  if (action === 'retry' && outcome.problem === undefined) return { wait: pauses.begin(id, retryAfter) }
  settings.alert('the policy decision point denies an approved request', { deferral: id })
  return false
}

// it begins with the id of the deferral, so that the logs of both sides can be joined
function requestIdOf(id: string): string {
  return `${id}.${randomUUID()}`
}
