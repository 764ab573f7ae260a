/*
 * OAuth 2.0 Deferred Token Response, "Security Considerations", and OpenID Connect Deferred Token Response Flow 1.0,
 * "Successful Token Response": the approved access must still be allowed when the tokens are minted, days later.
 */
import { errors } from 'oidc-provider'
import { allowing, narrowDecision } from '../deferral/allowance.js'
import type { Decision, JsonObject } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { describe } from '../deferral/describe.js'
import { beyond, isObject } from '../deferral/json.js'
import { beyondDetails, type Narrowing } from '../deferral/narrow.js'
import type { Approved } from '../deferral/redemption.js'
import { lifetime, shape } from '../deferral/shape.js'
import { type Context, clientOf } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { hasSameMetadata, isAllowed } from '../host/grants/client_access.js'
import { isConsentGone, loadValidGrant, noLongerGranted } from '../host/grants/valid_grant.js'
import { noteAllowance } from '../host/request/allowance.js'
import type { IssuedToken } from '../host/request/intercepts.js'
import type { Plugin } from '../plugin.js'
import { cancelDeferral } from './cancel_deferral.js'
import { taskStateOf } from './tasks.js'
import { pendingFor, refusal } from './token_error_response.js'

const waiting = shape<{ wait: number }>({ wait: lifetime })

/**
 * The decision to mint from: that of the record, or a narrower one of the option `reconsider`. Throws `access_denied` if the
 * client lost its permission, or if `reconsider` returns false (I-129, I-130, E-41).
 */
export async function decisionStillGranted(ctx: Context, plugin: Plugin, approved: Approved): Promise<Decision> {
  const { grantType, decision } = approved
  const { scope = approved.scope, authorizationDetails = approved.authorizationDetails } = decision
  const client = clientOf(ctx)
  const isGrantAllowed = grantType === undefined || client.grantTypeAllowed(grantType)
  if (!isGrantAllowed || !isAllowed(client, plugin.host.internals, { scope, authorizationDetails }))
    throw noLongerGranted()
  const { reconsider } = plugin.settings
  if (!reconsider) return decision
  const reconsidering = (async () => reconsider(ctx, describe(approved), await taskStateOf(plugin, approved)))()
  const answer = await withPlainFaults(reconsidering, 'features.deferredTokenResponse.reconsider failed')
  if (answer === true) return decision
  if (answer !== false) return reconsidered(ctx, plugin, approved, answer)
  // access_denied is final for the client, so the deferral ends too
  await cancelDeferral(plugin, approved.id, { by: 'reconsider' })
  throw new errors.AccessDenied('the deferred request was reconsidered')
}

function reconsidered(ctx: Context, { settings, records }: Plugin, approved: Approved, answer: unknown): Decision {
  if (isObject(answer) && Object.hasOwn(answer, 'wait')) {
    const { wait } = waiting(answer, 'reconsider:')
    throw pendingFor(ctx, approved, wait)
  }
  if (!isObject(answer) || !Object.hasOwn(answer, 'allow')) {
    throw new TypeError('reconsider must return true, false, { allow } or { wait }')
  }
  const { allow } = allowing(answer, 'reconsider:')
  noteAllowance(ctx, allow, records.now)
  return narrowDecision(approved, approved.decision, allow, { narrowing: settings.narrow, now: records.now() })
}

/**
 * Checks a request again that has taken long. Throws `access_denied` if the client, its account or its Grant was revoked. Throws
 * `authorization_pending` if the client's metadata have changed: only its next poll is authenticated with them.
 */
export async function assertStillValid(ctx: Context, plugin: Plugin, record: DeferralRecord): Promise<void> {
  const client = await withPlainFaults(plugin.host.provider.Client.find(record.clientId))
  if (!client) throw noLongerGranted()
  if (!hasSameMetadata(client, clientOf(ctx), plugin.host.internals)) {
    const answer = refusal(ctx, record, 'authorization_pending')
    throw Object.assign(answer, { error_detail: 'the client has changed during its request' })
  }
  await withPlainFaults(loadValidGrant(ctx, plugin.host, record.source))
}

/** Throws `access_denied` if the end-user has withdrawn all scopes of this access token since the approval. */
export function assertConsent(
  token: IssuedToken,
  { host }: Plugin,
  { grantType = 'authorization_code', scope: requested }: DeferralRecord,
  { scope = requested }: Decision,
): void {
  if (grantType === 'authorization_code' && isConsentGone(token, host.internals, scope)) throw noLongerGranted()
}

/** Throws if a token is wider than the decision: the integrator's callbacks compute parts of it when it is minted (E-32). */
export function assertNotWider(
  token: IssuedToken,
  { scope, resource, authorizationDetails }: Decision,
  narrowing: Narrowing,
): void {
  const { scope: tokenScope, rar } = withPlainDetails(token)
  const widerScope = scope && beyond(tokenScope?.split(' ').filter(Boolean) ?? [], scope)
  const widerDetails = authorizationDetails && beyondDetails(rar ?? [], authorizationDetails, narrowing)
  const widerResource = resource && beyond(resourceOf(token), resource)
  const members = { scope: widerScope, resource: widerResource, authorization_details: widerDetails }
  for (const [name, wider] of Object.entries(members)) {
    if (wider?.length) throw new Error(`the ${name} of the token are wider than what was requested and decided`)
  }
}

/** Whether the host refuses now what it accepted at the first request: a resource server, scope or details type has gone. */
export function isNoLongerAccepted(error: unknown): error is Error {
  const { InvalidScope, InvalidTarget, InvalidAuthorizationDetails } = errors
  return [InvalidScope, InvalidTarget, InvalidAuthorizationDetails].some((refusal) => error instanceof refusal)
}

// compares a plain copy and stores the same: a getter or a toJSON could return another value later
function withPlainDetails(issuedToken: IssuedToken): { scope?: string; rar?: JsonObject[] } {
  const token = issuedToken as { scope?: string; rar?: JsonObject[] }
  if (token.rar !== undefined) token.rar = JSON.parse(JSON.stringify(token.rar))
  return token
}

function resourceOf(token: IssuedToken): string[] {
  const { resource, resourceServer } = token as {
    resource?: string | string[]
    resourceServer?: { identifier(): string }
  }
  return [resource ?? resourceServer?.identifier() ?? []].flat()
}
