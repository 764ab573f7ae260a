/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Authentication Request": the members of a request
 * that stands for a deferral. They come from the deferred request, so the device shows what was really asked for.
 */
import type { JsonObject } from '../../deferral/deferral.js'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { epochTime } from '../../host/epoch_time.js'
import type { BackchannelRequest } from '../../host/request/backchannel_request.js'

// parameters of the client that change nothing, and that the device may need
const passed = ['binding_message', 'request_context', 'requested_expiry']

/** Replaces the members and parameters of a request by those of the deferral. No hint and no token stay in it. */
export function setSnapshot(request: BackchannelRequest, record: DeferralRecord, kind: 'reach_out' | 'hint'): void {
  const { id, scope, resource, source } = record
  const sent = request.params ?? {}
  // by the clock that Grants have, to tell older ones
  request.iat = epochTime()
  request.deferralId = id
  request.deferralLeg = kind
  request.scope = scope.join(' ')
  request.claims = (source.claims ?? {}) as JsonObject
  setOrDelete(request, 'nonce', source.nonce)
  setOrDelete(request, 'resource', resource.length > 1 ? resource : resource[0])
  request.params = {
    client_id: record.clientId,
    ...paramsOfSnapshot(record),
    ...Object.fromEntries(passed.flatMap((name) => (sent[name] === undefined ? [] : [[name, sent[name]]]))),
  }
}

function paramsOfSnapshot(record: DeferralRecord): Record<string, unknown> {
  const { scope, resource, claims, source } = record
  const details = record.requestedDetails ?? record.authorizationDetails
  return {
    scope: scope.join(' '),
    ...(resource.length > 0 && { resource: resource.length > 1 ? resource : resource[0] }),
    ...(claims && { claims: JSON.stringify(claims) }),
    ...(details && { authorization_details: JSON.stringify(details) }),
    ...(source.nonce !== undefined && { nonce: source.nonce }),
  }
}

function setOrDelete(request: BackchannelRequest, name: 'nonce' | 'resource', value: unknown): void {
  if (value === undefined) delete request[name]
  else Object.assign(request, { [name]: value })
}
