import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { type Host, hostOf } from '../host.js'
import { assertSameHost } from '../seams.js'
import { type Amendments, installAnswers } from './answers.js'
import { type BackchannelRules, installBackchannelRequests } from './backchannel_requests.js'
import { type ClientRules, installClientRules } from './client_rules.js'
import { installIntercepts } from './code_and_token_storage.js'
import { installCodeUse } from './code_use.js'
import { type Hint, installHint } from './completion_mode_hint.js'
import { installConsumption } from './consumption.js'
import { type WrapHandler, wrapGrantHandlers } from './grant_handlers.js'
import { installIdTokenRules } from './id_token_hint.js'
import { installListeners } from './listeners.js'
import { extendPayloads } from './payload.js'
import { installRefreshTokens } from './refresh_tokens.js'
import { installReplayDetection } from './replay_detection.js'
import { acceptResponseTypes, removeAddedCodeGrant } from './response_types.js'
import { installRevocation } from './revocation_lookup.js'
import { installUnavailable, type OurRequests } from './server_errors.js'
import { installTokenExpiry } from './token_expiry.js'
import { installTokenRoute } from './token_route.js'

/** How the overrides treat requests, by the drafts and the options. */
export interface Rules {
  clients: ClientRules
  /** response types that the host must accept */
  responseTypes: readonly string[]
  /** whether `configure` has added the authorization_code grant, which the integrator has not enabled */
  addedCodeGrant: boolean
  /** whether `defer` is set: it then decides about token requests before their code is consumed */
  hasDefer: boolean
  /** whether `reconsider` is set: it then decides about redemptions */
  hasReconsider: boolean
  /** absent if the plugin adds nothing to codes */
  hint: Hint | undefined
  /** whether to note the use of each code */
  notesCodeUse: boolean
  /** wraps the host's grants whose token requests `defer` is called for */
  wrapHandler: WrapHandler
  /** called with the token of each revocation request */
  revoke: (ctx: Context, token: string) => Promise<void>
  /** the time by the store's clock, or the test clock */
  now: () => Date
  requests: OurRequests
  /** absent if deferrals do not use CIBA */
  backchannel: BackchannelRules | undefined
  answers: Amendments
}

/**
 * The parts of a provider that the plugin uses. Throws a `TypeError` for another copy of the host, and for changed internals.
 */
export function prepareHost(provider: Provider): Host {
  assertSameHost(provider)
  // before `hostOf`, which makes the first code: the host reads its list of members only once
  extendPayloads(provider)
  return hostOf(provider)
}

/**
 * Replaces parts of the host, once per provider. When several overrides replace one method, each calls the one before it in
 * this list. So the last override in the list runs first.
 */
export function installOverrides({ provider, internals }: Host, rules: Rules): void {
  acceptResponseTypes(internals, rules.responseTypes)
  // first of all, so that nothing wraps the handler of a grant that is not enabled
  if (rules.addedCodeGrant) removeAddedCodeGrant(internals)
  // before the plugin registers its own grants, which need no wrapper
  wrapGrantHandlers(internals, rules.wrapHandler)

  // These five replace methods of codes and tokens. The first is the innermost: it runs last.
  if (rules.hasDefer) installConsumption(provider)
  // around the consumption: the hint is checked when the host calls `consume`, not when the delayed consumption runs
  if (rules.hint) installHint(provider, rules.hint)
  // around the hint: a code that is intercepted is never stored, and needs no hint. After `registerDeferrableGrant` this is the
  // innermost already; `sourceOf` then drops the hint
  installIntercepts(provider)
  // around the intercepts: a token has its end before an intercept sees it
  installTokenExpiry(provider, rules.now)
  // around all others: it notes every refusal of a consumption
  if (rules.notesCodeUse) installCodeUse(provider)

  if (rules.backchannel) installBackchannelRequests(provider, rules.backchannel)

  // each of these replaces another method, so their order does not matter
  installRevocation(provider, rules.revoke)
  installReplayDetection(provider)
  installIdTokenRules(provider)
  if (rules.hasDefer || rules.hasReconsider) installRefreshTokens(internals)
  installClientRules(provider, rules.clients)
  installTokenRoute(provider, rules.clients.grantTypes)

  installListeners(provider)
  installUnavailable(provider, rules.requests)
  // before the middleware of the cancellation endpoint, so that it runs around that
  installAnswers(provider, rules.answers)
}

/** Replaces the parts of the host that `registerDeferrableGrant` needs, with and without the plugin. */
export function installGrantOverrides(provider: Provider): void {
  installIntercepts(provider)
}
