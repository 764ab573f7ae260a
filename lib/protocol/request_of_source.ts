import type { DeferredRequest, JsonObject } from '../deferral/deferral.js'

/** The few fields of a source that reviewers see, named as in the host's code whatever the grant. */
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

/** What of a `scope` parameter has to be kept beside what the host took of it: a client may repeat it with its polls. */
export function sentScope(sent: unknown, taken: readonly string[]): Pick<DeferredRequest, 'requestedScope'> {
  const requestedScope = typeof sent === 'string' ? [...new Set(sent.split(' ').filter(Boolean))] : []
  const known = new Set(taken)
  return requestedScope.every((one) => known.has(one)) ? {} : { requestedScope }
}
