/*
 * The two mappings that profiles of AuthZEN define. `issuance`: AuthZEN Profile for OAuth 2.0 Token Issuance, "Forming the
 * Evaluation Request". `access`: AuthZEN Access Request OAuth Profile, "Constructing the Access Evaluation".
 */
import type { JsonObject } from '../index.js'
import { cellsOf } from './details.js'
import type { Evaluation, IssuanceRequest, Mapping } from './evaluation.js'

/** For each target a gate and one question per scope, then the cells of `authorization_details`. Gates come first. */
export const issuance: Mapping = (request) => {
  const { targets, grant, scope, authorizationDetails: details } = request
  const at = (target: string) => ({ type: 'audience', id: target })
  return [
    ...targets.map((target) =>
      question(request, at(target), `issue:access_token:${grant}`, { about: { gate: target } }),
    ),
    ...targets.flatMap((target) =>
      scope.map((name) => question(request, at(target), name, { about: { scope: name, target } })),
    ),
    ...details.flatMap((entry, detail) =>
      cellsOf(entry, targets).map(({ type, location, action }) =>
        question(request, { type, id: location }, action, { about: { detail } }),
      ),
    ),
  ]
}

/** One question per permission: for each scope at each target, and for each action of each entry of `authorization_details`. */
export const access: Mapping = (request) => {
  const { targets, scope, authorizationDetails: details } = request
  const scopes = targets.flatMap((target) =>
    scope.map((name) => question(request, { type: 'audience', id: target }, name, { about: { scope: name, target } })),
  )
  const permissions = details.flatMap((entry, detail) =>
    cellsOf(entry, targets).map(({ type, location, action }) => {
      const id = typeof entry.identifier === 'string' ? entry.identifier : location
      return question(request, { type, id, properties: entry }, action, { about: { detail } })
    }),
  )
  const all = [...scopes, ...permissions]
  if (all.length > 0) return all
  // a request without scopes and details is still a request for a token
  return targets.map((target) => question(request, { type: 'audience', id: target }, 'access', {}))
}

function question(
  { subject, clientId, context }: IssuanceRequest,
  resource: { type: string; id: string; properties?: JsonObject },
  name: string,
  { about }: Pick<Evaluation, 'about'>,
): Evaluation {
  // who acts for the end-user
  const acting = subject.type === 'user' ? { properties: { ...subject.properties, act: { sub: clientId } } } : {}
  return { subject: { ...subject, ...acting }, resource, action: { name }, context, ...(about && { about }) }
}
