import type { JsonObject } from '../deferral/deferral.js'

/** The few fields of a source that reviewers see, named as in the host's code whatever the grant. */
export function reviewed(source: JsonObject) {
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
