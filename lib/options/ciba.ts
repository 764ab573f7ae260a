/*
 * The option `ciba`: a deferral reaches its end-user over CIBA (OpenID Connect Client-Initiated Backchannel Authentication Flow).
 * Not in the drafts: a proposal on the mailing list of the working group, of 23 June 2026.
 */
import type { Configuration } from 'oidc-provider'
import type { Deferral } from '../deferral/deferral.js'
import { boolean, callback, integer, lifetime, type Members, refuse, shape, withDefault } from '../deferral/shape.js'
import { fail } from './option_error.js'

/** `true`, or a function that says for which deferrals. */
export type ReachOut = boolean | ((deferral: Deferral) => boolean)

/** How deferrals use the host's CIBA. Both parts are off by default. */
export interface CibaOptions {
  /** the provider asks the end-user itself, with `triggerAuthenticationDevice`; `true`, or a function that says for which deferrals */
  reachOut?: ReachOut
  /** clients may send a `deferral_code` or `deferred_auth_id` as `login_hint_token` (`false`) */
  hint?: boolean
  /** how often the end-user may be asked about one deferral (3) */
  maxLegs?: number
  /** seconds to answer for requests of the provider (300); others get the host's lifetime. None outlives its deferral */
  expiresIn?: number
  /** how many deferrals of an account (3), and of a client (100), may ask at the same time */
  maxOpen?: { perAccount?: number; perClient?: number }
}

const positive = (most: number) => integer(`a whole number from 1 to ${most}`, 1, most)

const reachOut = (value: unknown = false, at: string): ReachOut => {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'function') refuse(at, 'must be true, false or a function')
  return callback<Exclude<ReachOut, boolean>>()(value, at)
}

const maxOpen = shape({
  perAccount: withDefault(positive(100), 3),
  perClient: withDefault(positive(1000), 100),
} satisfies Members<NonNullable<CibaOptions['maxOpen']>>)

/** Checks the option `ciba`. */
export const ciba = shape({
  reachOut,
  hint: withDefault(boolean, false),
  maxLegs: withDefault(positive(10), 3),
  expiresIn: withDefault(lifetime, 300),
  maxOpen,
} satisfies Members<CibaOptions>)

/** The settings of the option `ciba`. */
export type CibaSettings = ReturnType<typeof ciba>

/** Whether any part of it is on. */
export function isCibaOn({ ciba: { reachOut, hint } }: { ciba: CibaSettings }): boolean {
  return hint || reachOut !== false
}

/** Throws a `TypeError` if the host cannot reach anybody. */
export function assertCiba(
  settings: { ciba: CibaSettings; keys: unknown[] },
  features: Configuration['features'],
): void {
  if (!isCibaOn(settings)) return
  const { enabled, triggerAuthenticationDevice, deliveryModes } = features?.ciba ?? {}
  if (!enabled) fail('ciba', 'needs the feature of the host, set features.ciba.enabled')
  if (!triggerAuthenticationDevice)
    fail('ciba', 'needs your features.ciba.triggerAuthenticationDevice, to ask the end-user')
  if (settings.ciba.hint && settings.keys.length === 0 && new Set(deliveryModes).has('ping'))
    fail(
      'ciba.hint',
      "needs keys, or features.ciba.deliveryModes without 'ping': the secrets of a ping are stored encrypted",
    )
}
