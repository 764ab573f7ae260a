import type { Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { type Host, hostOf } from '../host.js'
import { assertSameHost } from '../seams.js'
import { type Amendments, installAnswers } from './answers.js'
import { type ClientRules, installClientRules } from './client_rules.js'
import { installCodeUse } from './code_use.js'
import { type Hint, installHint } from './completion_mode_hint.js'
import { installConsumption } from './consumption.js'
import { installIdTokenRules } from './id_token_hint.js'
import { installListeners } from './listeners.js'
import { extendPayloads } from './payload.js'
import { installReplayDetection } from './replay_detection.js'
import { acceptResponseTypes, removeAddedCodeGrant } from './response_types.js'
import { installRevocation } from './revocation_lookup.js'
import { installUnavailable, type OurRequests } from './server_errors.js'
import { installIntercepts } from './storage.js'
import { installTokenExpiry } from './token_expiry.js'
import { installTokenRoute } from './token_route.js'

/** What the overrides are told by the drafts and the options. */
export interface Rules {
  clients: ClientRules
  /** response types that the host has to accept */
  responseTypes: readonly string[]
  /** whether the host has its authorization_code grant from `configure` only */
  addedCodeGrant: boolean
  /** whether `defer` decides about token requests before their code is consumed */
  isDecidedFirst: boolean
  /** absent where no code is ever hinted */
  hint: Hint | undefined
  /** whether the use of each code is noted */
  isCodeUseNoted: boolean
  /** what is done with what clients present at the revocation endpoint */
  revoke: (ctx: Context, token: string) => Promise<void>
  /** the time by the clock that decides */
  now: () => Date
  requests: OurRequests
  answers: Amendments
}

/** The host as the plugin uses it. A `TypeError` where it is another copy of the host, or its internals moved. */
export function prepareHost(provider: Provider): Host {
  assertSameHost(provider)
  // before the check of the seams, which makes the first instance of a code: the host looks at the list only once
  extendPayloads(provider)
  return hostOf(provider)
}

/**
 * Replaces parts of the host, once per provider. An override of a method calls the one before it in this list, so the last one
 * runs first.
 */
export function installOverrides({ provider, internals }: Host, rules: Rules): void {
  acceptResponseTypes(internals, rules.responseTypes)
  // before any handler is wrapped: there is no code grant to wrap
  if (rules.addedCodeGrant) removeAddedCodeGrant(internals)

  // AuthorizationCode and the tokens, from the inside out
  if (rules.isDecidedFirst) installConsumption(provider)
  // outside: a hint is checked when the host asks for the consumption, not when the consumption takes place
  if (rules.hint) installHint(provider, rules.hint)
  // outside: what is intercepted is never stored, so that nothing is kept with it. Where a grant was registered before, this is
  // innermost already: what is kept then is taken out of the source
  installIntercepts(provider)
  // outside: tokens have their end when an intercept sees them
  installTokenExpiry(provider, rules.now)
  // outside: whatever refuses the consumption of a code is noted
  if (rules.isCodeUseNoted) installCodeUse(provider)

  // each of these replaces something else, their order does not matter
  installRevocation(provider, rules.revoke)
  installReplayDetection(provider)
  installIdTokenRules(provider)
  installClientRules(provider, rules.clients)
  installTokenRoute(provider, rules.clients.grantTypes)

  installListeners(provider)
  installUnavailable(provider, rules.requests)
  // before the middleware of the cancellation endpoint, and so around it
  installAnswers(provider, rules.answers)
}

/** Replaces what `registerDeferrableGrant` needs, with and without the plugin. */
export function installGrantOverrides(provider: Provider): void {
  installIntercepts(provider)
}
