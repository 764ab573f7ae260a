import type { Profile } from './deferral.js'
import type { HandleKind } from './handle.js'

/** The grant type of polls, by profile. */
export const pollGrants = {
  openid: 'urn:openid:params:grant-type:deferred',
  oauth: 'urn:ietf:params:oauth:grant-type:deferred',
} as const satisfies Record<Profile, string>

/** The handle of polls, by profile: the name of the parameter that carries it. */
export const pollHandles = { openid: 'deferred_auth_id', oauth: 'deferral_code' } as const satisfies Record<
  Profile,
  HandleKind
>
