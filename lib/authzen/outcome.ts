/*
 * AuthZEN Profile for OAuth 2.0 Token Issuance, "Batching and Result Composition", and AuthZEN Access Request OAuth Profile,
 * "Resolution outcomes": what the answers about one request mean for its tokens.
 */
import { beyond, isObject } from '../deferral/json.js'
import type { Allowance, JsonObject } from '../index.js'
import type { About, Answer, Evaluation, IssuanceRequest } from './evaluation.js'
import { type Shape, shapeOf, Unacceptable } from './shaping.js'

/** What a denial is about: it selects the error for the client. */
export type Concern = 'gate' | 'scope' | 'detail'

/** The outcome of a request. */
export type Outcome =
  | { kind: 'permit'; allow?: Allowance; claims: JsonObject }
  /** `contexts` are those of the denied answers; `problem` is set if the answers were wrong */
  | { kind: 'deny'; concern: Concern; contexts: JsonObject[]; problem?: string }
  /** denied, and the access can be requested; `denied` are the indexes of these questions */
  | { kind: 'requestable'; denied: number[] }

/** How outcomes are composed. */
export interface Composition {
  partial: 'deny' | 'narrow'
  /** claims that can be added to tokens */
  claims: readonly string[]
  /** whether access can be requested after this denial */
  isRequestable: (context: JsonObject) => boolean
}

interface Judged {
  evaluation: Evaluation
  answer: Answer
}

/** Composes the answers to all questions about a request. */
export function outcomeOf(
  request: IssuanceRequest,
  evaluations: readonly Evaluation[],
  answers: readonly Answer[],
  composition: Composition,
): Outcome {
  const all = evaluations.map((evaluation, at): Judged => ({ evaluation, answer: answers[at] as Answer }))
  const isRequestable = ({ answer }: Judged) =>
    !answer.decision && isObject(answer.context.access_request) && composition.isRequestable(answer.context)
  const denied = all.flatMap((judged, at) => (isRequestable(judged) ? [at] : []))
  // the whole request waits: a part of it is never issued in advance
  if (denied.length > 0) return { kind: 'requestable', denied }
  try {
    return permitOf(request, all, composition)
  } catch (error) {
    if (error instanceof Unacceptable) return { kind: 'deny', concern: 'gate', contexts: [], problem: error.message }
    throw error
  }
}

function permitOf(request: IssuanceRequest, all: readonly Judged[], { partial, claims }: Composition): Outcome {
  const denied = all.filter(({ answer }) => !answer.decision)
  const contexts = denied.map(({ answer }) => answer.context)
  const [first] = denied
  const isWhole = ({ evaluation: { about } }: Judged) => about === undefined
  if (first && (partial === 'deny' || denied.some(isWhole))) {
    return { kind: 'deny', concern: concernOf(first.evaluation.about), contexts }
  }
  const gates = new Set(denied.flatMap(({ evaluation: { about } }) => (about && 'gate' in about ? [about.gate] : [])))
  const relevant = all.filter(({ evaluation }) => !gates.has(targetOf(evaluation)))
  const permits = relevant.filter(({ answer }) => answer.decision)
  const shape = shapeOf(permits, request, claims)
  const removed = new Set([...gates, ...shape.withdrawn])
  const rights = rightsOf(request, all, shape, removed)
  const concern = emptyConcern(request, rights)
  if (concern) return { kind: 'deny', concern, contexts }
  const allow = allowanceOf(request, rights, shape)
  return { kind: 'permit', claims: shape.claims, ...(allow && { allow }) }
}

/** The rights that are left. */
interface Rights {
  targets: string[]
  scope: string[]
  details: JsonObject[]
}

function rightsOf(request: IssuanceRequest, all: readonly Judged[], shape: Shape, removed: Set<string>): Rights {
  const lost = (judged: Judged) => !judged.answer.decision && !removed.has(targetOf(judged.evaluation))
  const lostScopes = new Set(
    all.filter(lost).flatMap(({ evaluation: { about } }) => (about && 'scope' in about ? [about.scope] : [])),
  )
  // an entry with a cell that was denied, or that names a removed target, goes as a whole
  const isCut = ({ evaluation, answer }: Judged) => !answer.decision || removed.has(evaluation.resource.id)
  const lostDetails = new Set(
    all.filter(isCut).flatMap(({ evaluation: { about } }) => (about && 'detail' in about ? [about.detail] : [])),
  )
  const isGranted = (name: string) => !lostScopes.has(name) && (shape.scope?.includes(name) ?? true)
  const details = request.authorizationDetails.filter((_entry, at) => !lostDetails.has(at))
  const { authorizationDetails: shaped } = shape
  return {
    targets: request.targets.filter((target) => !removed.has(target)),
    scope: request.scope.filter(isGranted),
    details: shaped ? details.filter((entry) => beyond([entry], shaped).length === 0) : details,
  }
}

function emptyConcern(request: IssuanceRequest, { targets, scope, details }: Rights): Concern | undefined {
  if (targets.length === 0) return 'gate'
  if (request.authorizationDetails.length > 0 && details.length === 0) return 'detail'
  return request.scope.length > 0 && scope.length === 0 && details.length === 0 ? 'scope' : undefined
}

function allowanceOf(request: IssuanceRequest, rights: Rights, { lifetime }: Shape): Allowance | undefined {
  const allow: Allowance = {
    ...(rights.scope.length < request.scope.length && { scope: rights.scope }),
    ...(rights.targets.length < request.targets.length && { resource: rights.targets }),
    ...(rights.details.length < request.authorizationDetails.length && { authorizationDetails: rights.details }),
    ...(lifetime !== undefined && { expiresIn: lifetime }),
  }
  return Object.keys(allow).length > 0 ? allow : undefined
}

function targetOf({ about, resource }: Evaluation): string {
  if (about && 'gate' in about) return about.gate
  return about && 'scope' in about ? about.target : resource.id
}

function concernOf(about: About | undefined): Concern {
  if (about && 'scope' in about) return 'scope'
  return about && 'detail' in about ? 'detail' : 'gate'
}
