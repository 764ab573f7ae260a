import type { Deferral } from 'oidc-provider-deferred'
import { partnerGrant } from '../provider/partner_grant.js'

const kinds: Readonly<Record<string, string>> = {
  authorization_code: 'Unusual sign-in',
  client_credentials: 'Payment',
  [partnerGrant]: "Partner's access",
}

/** What is asked for, in a reviewer's words. */
export function kindOf({ grantType }: Deferral): string {
  return grantType === undefined ? 'New account' : (kinds[grantType] ?? grantType)
}

/** Which form of waiting the client speaks. */
export function profileOf({ profile }: Deferral): string {
  return profile === 'openid' ? 'OpenID' : 'OAuth'
}
