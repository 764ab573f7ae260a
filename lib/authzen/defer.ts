/*
 * AuthZEN Access Request OAuth Profile, "Resolution outcomes": asks the policy decision point about a request, and answers the
 * option `defer`.
 */
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { DeferAnswer, DeferRequest, JsonObject } from '../index.js'
import { faultOf, itemOf } from './access_request.js'
import type { Decider } from './decider.js'
import type { Answer, Evaluation, IssuanceRequest } from './evaluation.js'
import { Unavailable } from './http.js'
import { type Outcome, outcomeOf } from './outcome.js'
import { refusalOf, unavailable } from './refusals.js'
import { questionsOf, requested } from './request.js'
import { type Item, toTask } from './task_state.js'

/** A request, and what is asked about it. */
interface Asked {
  issuance: IssuanceRequest
  evaluations: Evaluation[]
}

/** Answers the option `defer`. */
export async function defer(ctx: KoaContextWithOIDC, request: DeferRequest, decider: Decider): Promise<DeferAnswer> {
  const { settings } = decider
  const issuance = await requested(ctx, request, settings)
  const asked = { issuance, evaluations: questionsOf(issuance, settings) }
  try {
    const answers = await decider.evaluate(asked.evaluations, { requestId: decider.requestIdOf(request.id) })
    return await answerTo(ctx, request, { ...asked, answers }, decider)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    settings.alert('the policy decision point cannot be asked', { deferral: request.id, reason: error.message })
    if (settings.onUnavailable === 'defer' && request.canWait) return waitingTerms(request, asked, [], decider)
    throw unavailable(ctx, error.retryAfter, error)
  }
}

async function answerTo(
  ctx: KoaContextWithOIDC,
  request: DeferRequest,
  { answers, ...asked }: Asked & { answers: Answer[] },
  decider: Decider,
): Promise<DeferAnswer> {
  const { settings } = decider
  const canRequest = await requestability(request, decider)
  const composition = { ...settings, isRequestable: canRequest }
  const outcome = outcomeOf(asked.issuance, asked.evaluations, answers, composition)
  if (outcome.kind === 'permit') return permitted(ctx, request, { ...asked, outcome }, decider)
  if (outcome.kind === 'deny') return refuse(request, outcome, decider)
  const items = await itemsOf(request, outcome.denied, { ...asked, answers }, decider)
  if (items) return waitingTerms(request, asked, items, decider)
  throw refusalOf(request, 'gate')
}

// a client that cannot wait does not learn that the access could be requested
async function requestability({ id, canWait }: DeferRequest, { settings, metadata }: Decider) {
  if (!settings.accessRequest || !canWait) return () => false
  const endpoints = await metadata()
  return (context: JsonObject) => {
    const fault = faultOf(context, endpoints, settings)
    if (fault !== undefined) settings.alert('access cannot be requested', { deferral: id, reason: fault })
    return fault === undefined
  }
}

async function itemsOf(
  { id, client }: DeferRequest,
  denied: readonly number[],
  { evaluations, answers }: Asked & { answers: Answer[] },
  { settings, ask, metadata }: Decider,
): Promise<Item[] | undefined> {
  const { clientId, clientName } = client
  const subject = {
    deferral: id,
    client: { id: clientId, ...(clientName !== undefined && { name: clientName }) },
    generation: 0,
    now: new Date(),
  }
  const means = { metadata: await metadata(), settings, ask }
  const items = await Promise.all(
    denied.map((index) => {
      const [evaluation, answer] = [evaluations[index], answers[index]]
      return evaluation && answer && itemOf({ evaluation, context: answer.context, index }, subject, means)
    }),
  )
  const filled = items.filter((item) => item !== undefined)
  return filled.length === items.length ? filled : undefined
}

function waitingTerms(
  request: DeferRequest,
  { issuance, evaluations }: Asked,
  items: Item[],
  { settings }: Decider,
): DeferAnswer {
  const state = { request: issuance, evaluations, items, generation: 0, attempts: 0 }
  return { ...settings.terms(request), task: toTask(state) }
}

function permitted(
  ctx: KoaContextWithOIDC,
  request: DeferRequest,
  { outcome, ...asked }: Asked & { outcome: Outcome & { kind: 'permit' } },
  decider: Decider,
): DeferAnswer {
  const mustWait = request.profile === 'openid' && request.params.response_type === 'deferred_code'
  // plain `deferred_code` always waits: the first step of its task asks again, and approves
  if (mustWait && decider.hasTasks) return waitingTerms(request, asked, [], decider)
  decider.keepClaims(ctx, outcome.claims)
  if (!outcome.allow) return false
  if (request.profile === 'oauth') return { allow: outcome.allow }
  // tokens of the authorization endpoint cannot be narrowed
  if (request.grantType !== undefined) throw refusalOf(request, 'gate')
  // asked again when the client redeems its code, or when the deferral is approved
  return false
}

function refuse(request: DeferRequest, { concern, problem }: Outcome & { kind: 'deny' }, { settings }: Decider): never {
  if (problem !== undefined) {
    const facts = { deferral: request.id, reason: problem }
    settings.alert('a permit of the policy decision point cannot be applied', facts)
  }
  throw refusalOf(request, concern)
}
