/*
 * OAuth 2.0 Deferred Token Response, "Token Request": the draft allows every grant to wait. This file lists the grants of the
 * host that can wait here, and the reasons why others cannot.
 */
import { pollGrants } from '../deferral/profile.js'

/** The host's grants whose token requests can wait. */
export const hostGrants = ['authorization_code', 'client_credentials'] as const

/** A grant of the host that can wait. */
export type HostGrant = (typeof hostGrants)[number]

/** Whether this is a grant of the host that can wait. */
export function isHostGrant(name: string): name is HostGrant {
  return (hostGrants as readonly string[]).includes(name)
}

const reasons: Record<string, string> = {
  refresh_token: 'cannot be deferred, a session would be without its refresh token for as long', // C-I19
  'urn:ietf:params:oauth:grant-type:device_code': 'cannot be deferred, it can be kept pending as it is', // C-I35
  'urn:openid:params:grant-type:ciba': 'cannot be deferred, it can be kept pending as it is',
  'urn:ietf:params:oauth:grant-type:pre-authorized_code': 'cannot be deferred',
  implicit: 'cannot be deferred, it makes no token request',
  [pollGrants.oauth]: 'is the grant of polls',
  [pollGrants.openid]: 'is the grant of polls',
}

/** Why a grant can never be deferred, and cannot be a custom grant; `undefined` if it can. */
export function undeferrable(name: string): string | undefined {
  return Object.hasOwn(reasons, name) ? reasons[name] : undefined
}
