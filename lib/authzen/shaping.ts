/*
 * AuthZEN Profile for OAuth 2.0 Token Issuance, "Processing the Evaluation Response": a permit may narrow what is issued. A member
 * that would broaden it, or that cannot be applied, turns the permit into a denial.
 */
import { isDeepStrictEqual } from 'node:util'
import { beyond, isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import type { Answer, Evaluation, IssuanceRequest } from './evaluation.js'

/** What the permits of one request allow, all together. */
export interface Shape {
  scope?: string[]
  authorizationDetails?: JsonObject[]
  /** targets that a permit has withdrawn */
  withdrawn: Set<string>
  lifetime?: number
  claims: JsonObject
}

/** A permit that cannot be applied. */
export class Unacceptable extends Error {}

const reserved = new Set([
  ...['iss', 'iat', 'jti', 'sub', 'aud', 'exp', 'nbf', 'scope', 'client_id'],
  ...['cnf', 'act', 'authorization_details', 'may_act'],
])

/** Composes the `issuance` members of permits. Throws `Unacceptable`. */
export function shapeOf(
  permits: readonly { evaluation: Evaluation; answer: Answer }[],
  request: IssuanceRequest,
  knownClaims: readonly string[],
): Shape {
  const shape: Shape = { withdrawn: new Set(), claims: {} }
  const critical = new Set<string>()
  for (const { evaluation, answer } of permits) {
    const { issuance } = answer.context
    if (issuance === undefined) continue
    if (!isObject(issuance)) throw new Unacceptable('issuance is not an object')
    addScope(shape, issuance, request)
    addLifetime(shape, issuance)
    addTargets(shape, issuance, evaluation)
    addDetails(shape, issuance, request)
    addClaims(shape, issuance)
    for (const name of textsOf(issuance, 'crit') ?? []) critical.add(name)
  }
  for (const name of critical) {
    if (!knownClaims.includes(name) || !Object.hasOwn(shape.claims, name)) {
      throw new Unacceptable(`the critical claim ${name} cannot be applied`)
    }
  }
  // other claims only add to a token: it may go without them
  const claims = Object.entries(shape.claims).filter(([name]) => knownClaims.includes(name))
  return { ...shape, claims: Object.fromEntries(claims) }
}

type Issuance = Record<string, unknown>

function addScope(shape: Shape, { granted_scope: granted }: Issuance, { scope }: IssuanceRequest): void {
  if (granted === undefined) return
  if (typeof granted !== 'string') throw new Unacceptable('granted_scope is not a string')
  const names = granted.split(' ').filter(Boolean)
  if (names.some((name) => !scope.includes(name))) throw new Unacceptable('granted_scope is broader than the request')
  shape.scope = [...new Set([...(shape.scope ?? []), ...names])]
}

function addLifetime(shape: Shape, { token_lifetime: lifetime }: Issuance): void {
  if (lifetime === undefined) return
  if (typeof lifetime !== 'number' || !Number.isSafeInteger(lifetime) || lifetime <= 0) {
    throw new Unacceptable('token_lifetime leaves no time')
  }
  shape.lifetime = Math.min(shape.lifetime ?? lifetime, lifetime)
}

function addTargets(shape: Shape, issuance: Issuance, { resource }: Evaluation): void {
  const audience = textsOf(issuance, 'audience')
  if (!audience) return
  if (audience.some((target) => target !== resource.id)) throw new Unacceptable('audience is broader than the request')
  if (audience.length === 0) shape.withdrawn.add(resource.id)
}

function addDetails(shape: Shape, issuance: Issuance, { authorizationDetails }: IssuanceRequest): void {
  const { authorization_details: details } = issuance
  if (details === undefined) return
  if (!Array.isArray(details) || !details.every(isObject)) {
    throw new Unacceptable('authorization_details is not an array of objects')
  }
  const entries = details as JsonObject[]
  // whether another entry is narrower cannot be told for every type
  if (beyond(entries, authorizationDetails).length > 0) {
    throw new Unacceptable('authorization_details has an entry that was not requested')
  }
  shape.authorizationDetails = [
    ...(shape.authorizationDetails ?? []),
    ...beyond(entries, shape.authorizationDetails ?? []),
  ]
}

function addClaims(shape: Shape, { claims }: Issuance): void {
  if (claims === undefined) return
  if (!isObject(claims)) throw new Unacceptable('claims is not an object')
  for (const [name, value] of Object.entries(claims as JsonObject)) {
    if (reserved.has(name)) throw new Unacceptable(`the claim ${name} is reserved`)
    if (Object.hasOwn(shape.claims, name) && !isDeepStrictEqual(shape.claims[name], value)) {
      throw new Unacceptable(`the claim ${name} has two values`)
    }
    shape.claims[name] = value
  }
}

function textsOf(issuance: Issuance, name: string): string[] | undefined {
  const value = issuance[name]
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value
  throw new Unacceptable(`${name} is not an array of strings`)
}
