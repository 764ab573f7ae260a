/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Authorization Server Obtains End-User Consent": the
 * answer of the end-user, which the integrator hands over with `backchannelResult`. It decides the deferral, or is a vote.
 */
import type { Grant } from 'oidc-provider'
import { toApproval, toDenial } from '../../deferral/decision.js'
import type { Decision, JsonObject } from '../../deferral/deferral.js'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { isObject } from '../../deferral/json.js'
import { legHash } from '../../deferral/leg_state.js'
import { answerLeg, endLeg, noteLeg } from '../../deferral/leg_transitions.js'
import { beyondDetails, leavesNothing } from '../../deferral/narrow.js'
import type { Stored } from '../../deferral/store.js'
import type { Transition } from '../../deferral/transition.js'
import { decide } from '../../deferral/transitions.js'
import { approve } from '../../deferral/vote_transitions.js'
import { withPlainFaults } from '../../host/faults.js'
import type { BackchannelRequest } from '../../host/request/backchannel_request.js'
import type { Plugin } from '../../plugin.js'

const longestName = 200
const longestDescription = 1000

/** Applies the answer of the end-user. An answer that comes late or twice changes nothing. */
export async function applyResult(plugin: Plugin, request: BackchannelRequest): Promise<void> {
  const { records, host } = plugin
  const record = await records.find(request.deferralId as string)
  if (!record) return
  const hash = legHash(request.jti)
  if (request.error !== undefined) return applyError(plugin, record, hash, request)
  const grant = await withPlainFaults(host.provider.Grant.find(request.grantId as string))
  if (!grant) throw new Error('backchannelResult needs a Grant that is saved, for a request of a deferral')
  await change(plugin, record, hash, answerOf(plugin, record, request, grant))
  await destroyOrphan(record, request, grant)
}

async function applyError(plugin: Plugin, record: Stored, hash: string, request: BackchannelRequest): Promise<void> {
  const { error = '', error_description: description } = request
  // another error only ends the leg
  if (error !== 'access_denied')
    return change(plugin, record, hash, undefined, endLeg(hash, error.slice(0, longestName)))
  const text = description?.slice(0, longestDescription)
  const denial = toDenial({ by: accountName(record), ...(text && { description: text }) })
  return change(plugin, record, hash, decide('denied', denial))
}

async function change(
  { records }: Plugin,
  record: Stored,
  hash: string,
  decision: Transition | undefined,
  transition: Transition = answerLeg(hash, decision as Transition),
): Promise<void> {
  const written = await attempt(() => records.transit(record.id, transition, record))
  if (written === 'refused' || !written) {
    const reason = written === 'refused' ? 'the vote cannot be combined with the others' : 'late, or answered already'
    await records.transit(record.id, noteLeg('leg_result_discarded', reason))
  }
}

// a vote that cannot be combined with the others is refused with a RangeError
async function attempt(write: () => Promise<Stored | undefined>): Promise<Stored | undefined | 'refused'> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof RangeError) return 'refused'
    throw error
  }
}

/** at most what the deferral asks for and the Grant allows; a denial if that is nothing, or lacks `openid`. */
function answerOf(
  { host, settings }: Plugin,
  record: DeferralRecord,
  request: BackchannelRequest,
  grant: Grant,
): Transition {
  const { configuration } = host.internals
  const { scope, resource, authorizationDetails } = record
  const granted = new Set(
    [grant.getOIDCScope(), ...resource.map((name) => grant.getResourceScope(name))].join(' ').split(' '),
  )
  const isOfResource = scope.some((name) => !configuration.scopes.has(name))
  const details = grantedDetails(request, grant)
  const decision: Decision = toApproval({
    by: accountName(record),
    ...authentication(request),
    scope: scope.filter((name) => granted.has(name)),
    ...(isOfResource && { resource: resource.filter((name) => isGranted(grant, name, scope)) }),
    ...(authorizationDetails && { authorizationDetails: within(details, authorizationDetails, settings.narrow) }),
  })
  const isOpenidGone = scope.includes('openid') && !granted.has('openid')
  if (isOpenidGone || leavesNothing(record, decision)) return decide('denied', toDenial({ by: accountName(record) }))
  return approve(decision, settings.narrow)
}

function isGranted(grant: Grant, resource: string, scope: string[]): boolean {
  return grant.getResourceScopeFiltered(resource, new Set(scope)) !== ''
}

// hosts of 9.0 take no `rar` with the result; a Grant may have details of its own
function grantedDetails({ rar }: BackchannelRequest, grant: Grant): JsonObject[] {
  const details: unknown = rar ?? (grant as { rar?: unknown }).rar
  return Array.isArray(details) ? details.filter((entry): entry is JsonObject => isObject(entry)) : []
}

function within(granted: JsonObject[], requested: JsonObject[], narrowing: Plugin['settings']['narrow']): JsonObject[] {
  const wider = new Set(beyondDetails(granted, requested, narrowing))
  return granted.filter((entry) => !wider.has(entry))
}

// A member that is not valid is ignored: the answer of the end-user counts
function authentication({ acr, amr, authTime }: BackchannelRequest): Pick<Decision, 'acr' | 'amr' | 'authTime'> {
  const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
  return {
    ...(isText(acr) && { acr }),
    ...(Array.isArray(amr) && amr.length > 0 && amr.every(isText) && { amr }),
    ...(Number.isSafeInteger(authTime) && Number(authTime) >= 0 && { authTime: Number(authTime) }),
  }
}

function accountName({ accountId = '' }: DeferralRecord): string {
  return accountId.slice(0, longestName)
}

// integrators may hand over a Grant that the client has already
async function destroyOrphan(
  { grantId }: DeferralRecord,
  { iat = 0 }: BackchannelRequest,
  grant: Grant,
): Promise<void> {
  if (grant.jti === grantId || (grant.iat ?? 0) < iat) return
  await withPlainFaults(grant.destroy())
}
