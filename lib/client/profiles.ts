/** The two published forms of Deferred Token Response: of the OpenID Foundation, and of the IETF. */
export type Profile = 'openid' | 'oauth'

/** The names that the drafts use for the same things. */
export const wireNames = {
  openid: { grantType: 'urn:openid:params:grant-type:deferred', handle: 'deferred_auth_id' },
  oauth: { grantType: 'urn:ietf:params:oauth:grant-type:deferred', handle: 'deferral_code' },
} as const
