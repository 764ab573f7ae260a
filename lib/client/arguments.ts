/* Checks of what the caller passes, before anything is sent: afterwards the code is spent, or the tokens are. */
import type { Configuration } from 'openid-client'
import { type Deferral, type DPoPOptions, isPositive, type StartOptions, type TokenChecks } from './deferral.js'
import { invalidArgument } from './errors.js'
import { wireNames } from './profiles.js'

/** What a value has to be, in words, and the check. */
type Kind = readonly [words: string, isValid: (value: unknown) => boolean]

const text: Kind = ['a string', (value) => typeof value === 'string']
const name: Kind = ['a string that is not empty', (value) => typeof value === 'string' && value !== '']
const time: Kind = ['a number', Number.isFinite]
const seconds: Kind = ['a number of seconds, 0 or more', (value) => Number.isFinite(value) && Number(value) >= 0]
const pause: Kind = ['a number of seconds, more than 0', isPositive]
const flag: Kind = ['a boolean', (value) => typeof value === 'boolean']
const profile: Kind = [
  'a profile of this version',
  (value) => typeof value === 'string' && Object.hasOwn(wireNames, value),
]

const optional = ([words, isValid]: Kind): Kind => [
  `${words}, or absent`,
  (value) => value === undefined || isValid(value),
]

/** The members of a deferral that calls use. */
const deferralKinds = {
  profile,
  handle: name,
  issuer: name,
  clientId: name,
  interval: pause,
  expiresAt: time,
  nonce: optional(text),
  subject: optional(text),
  idTokenExpected: optional(flag),
  authTimeAfter: optional(time),
  jkt: optional(text),
} satisfies Partial<Record<keyof Deferral, Kind>>

/** Throws for what would make a deferral that does not work. */
export function assertStart({ expectedNonce, maxAge }: TokenChecks, { notificationToken }: StartOptions): void {
  assertMembers('checks', { expectedNonce, maxAge }, { expectedNonce: optional(text), maxAge: optional(seconds) })
  assertMembers('options', { notificationToken }, { notificationToken: optional(text) })
}

/** Throws for a `longPoll` that is no number of seconds. */
export function assertWait({ longPoll }: { longPoll: unknown }): void {
  assertMembers('options', { longPoll }, { longPoll: optional(seconds) })
}

/** Rejects for a deferral that was not stored as it was, and for one that the configuration or the key does not belong to. */
export async function assertOwnDeferral(
  config: Configuration,
  deferral: Deferral,
  { DPoP }: DPoPOptions,
): Promise<void> {
  if (typeof deferral !== 'object' || deferral === null) throw invalidArgument('deferral must be an object')
  assertMembers('deferral', { ...deferral }, deferralKinds)
  if (deferral.issuer !== config.serverMetadata().issuer || deferral.clientId !== config.clientMetadata().client_id) {
    throw invalidArgument('the deferral belongs to another issuer or client')
  }
  if (deferral.jkt !== undefined && deferral.jkt !== (await DPoP?.calculateThumbprint())) {
    throw invalidArgument('options.DPoP must be a handle of the key that the deferral was started with')
  }
}

// the message does not have the value: it may be a secret
function assertMembers(path: string, members: Record<string, unknown>, kinds: Record<string, Kind>): void {
  for (const [member, [words, isValid]] of Object.entries(kinds)) {
    if (!isValid(members[member])) throw invalidArgument(`${path}.${member} must be ${words}`)
  }
}
