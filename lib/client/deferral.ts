import type { Configuration, DPoPHandle } from 'openid-client'
import { invalidResponse } from './errors.js'
import { type Profile, wireNames } from './profiles.js'

/**
 * A request that the provider has not decided yet. It is plain JSON: save it, and go on with it in another process. All times are
 * seconds since 1970.
 *
 * **It holds secrets**: the handle, and the notification token. Store it as you store refresh tokens, and do not log it.
 */
export interface Deferral {
  readonly profile: Profile
  /** The `deferred_auth_id` or the `deferral_code`. */
  readonly handle: string
  readonly issuer: string
  readonly clientId: string
  /** Seconds between polls. */
  readonly interval: number
  /** When it expires, by the clock of this machine. A reviewer may extend it, so the provider has the last word. */
  readonly expiresAt: number
  /** The nonce that the ID Token has to have. */
  readonly nonce?: string
  /** The subject that the ID Token has to have: the one of the interim ID Token, or one that you expect. */
  readonly subject?: string
  /** The ID Token has to come, as `idTokenExpected` of openid-client says. */
  readonly idTokenExpected?: true
  /** The earliest `auth_time` that the ID Token may have: when the deferral began, minus `max_age`. */
  readonly authTimeAfter?: number
  /** Thumbprint of the DPoP key that the polls need. */
  readonly jkt?: string
  /** The bearer token of the notification. */
  readonly notificationToken?: string
  /** A page of the provider where somebody has to act first. */
  readonly interactionUri?: string
  /** An ID Token that says who the end-user is, before the decision. It was validated. */
  readonly interimIdToken?: string
}

/** The key of a call. */
export interface DPoPOptions {
  /** The handle of a DPoP key, from `getDPoPHandle()` of openid-client. */
  DPoP?: DPoPHandle
}

/** What a request that may be deferred can have. */
export interface StartOptions extends DPoPOptions {
  /** The bearer token that a notification shall have: new and random for each request. */
  notificationToken?: string | undefined
}

/** What the ID Token to come is compared with. */
export interface TokenChecks {
  expectedNonce?: string
  maxAge?: number
  idTokenExpected?: boolean
}

/** Seconds since 1970. */
export const now = (): number => Math.floor(Date.now() / 1000)

/** An object without its members that are undefined. */
export function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const pairs = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(pairs) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** Whether it is a number above 0 that JSON can carry. */
export const isPositive = (value: unknown): boolean => Number.isFinite(value) && Number(value) > 0

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** The deferral that an answer of the provider started. */
export async function createDeferral(
  config: Configuration,
  profile: Profile,
  body: Record<string, unknown>,
  { checks = {}, DPoP, notificationToken }: StartOptions & { checks?: TokenChecks | undefined },
): Promise<Deferral> {
  const handle = textOf(body[wireNames[profile].handle])
  const [interval, expiresIn] = [Number(body.interval), Number(body.expires_in)]
  if (handle === undefined) throw invalidResponse(`the answer has no "${wireNames[profile].handle}"`)
  if (!isPositive(expiresIn)) throw invalidResponse('the answer has no "expires_in"')
  const { client_id: clientId, default_max_age } = config.clientMetadata()
  const receivedAt = now()
  const maxAge = checks.maxAge ?? default_max_age
  const optional = defined({
    nonce: checks.expectedNonce,
    idTokenExpected: checks.idTokenExpected === true ? (true as const) : undefined,
    authTimeAfter: maxAge === undefined ? undefined : receivedAt - maxAge,
    jkt: await DPoP?.calculateThumbprint(),
    notificationToken,
    interactionUri: body.error === 'interaction_required' ? textOf(body.interaction_uri) : undefined,
    interimIdToken: textOf(body.interim_id_token),
  })
  return {
    profile,
    handle,
    issuer: config.serverMetadata().issuer,
    clientId,
    interval: isPositive(interval) ? interval : 5,
    expiresAt: receivedAt + expiresIn,
    ...optional,
  }
}
