/*
 * Not in the drafts: the members of a source that reviewers see. A source is the payload of the host's code, or the request of
 * another grant.
 */
import type { JsonObject } from '../deferral/deferral.js'
import type { DeferredRequest } from '../deferral/deferral_record.js'

/** The request in a source. For every grant the members of a source have the names of the host's code. */
export function requestOf(source: JsonObject) {
  const { clientId, accountId, grantId, scope, resource, rar } = source as {
    clientId: string
    accountId?: string
    grantId?: string
    scope?: string
    resource?: string | string[]
    rar?: JsonObject[]
  }
  return {
    clientId,
    ...(accountId !== undefined && { accountId }),
    ...(grantId !== undefined && { grantId }),
    scope: [...new Set(scope?.split(' ').filter(Boolean))],
    resource: resource === undefined ? [] : [resource].flat(),
    ...(rar && { authorizationDetails: rar }),
  }
}

/**
 * The `scope` of the first request, if the host has dropped a part of it. The client may repeat the whole parameter with its
 * polls, so it is stored.
 */
export function sentScope(sent: unknown, accepted: readonly string[]): Pick<DeferredRequest, 'requestedScope'> {
  const requestedScope = typeof sent === 'string' ? [...new Set(sent.split(' ').filter(Boolean))] : []
  const acceptedScope = new Set(accepted)
  return requestedScope.every((name) => acceptedScope.has(name)) ? {} : { requestedScope }
}
