import type { Deferral } from 'oidc-provider-deferred'
import { partnerGrant } from '../provider/partner_grant.js'

/** What reviewers need to know about one kind of request. */
interface Kind {
  name: string
  /** What they tell the customer first. */
  step: string
  /** What they often refuse it for. */
  reasons: readonly string[]
}

const account: Kind = {
  name: 'New account',
  step: 'Comparing the photo',
  reasons: ['The picture cannot be read', 'The document has expired', 'The photo does not match'],
}

const kinds: Readonly<Record<string, Kind>> = {
  authorization_code: {
    name: 'Unusual sign-in',
    step: 'Looking at the sign-in',
    reasons: ['Please call us', 'The customer says it was somebody else'],
  },
  client_credentials: {
    name: 'Payment',
    step: 'Checking the recipient',
    reasons: ['The recipient is not known', 'The amount is too high'],
  },
  [partnerGrant]: {
    name: "Partner's access",
    step: 'Reading the agreement',
    reasons: ['There is no agreement with this partner'],
  },
}

/** What is asked for, in a reviewer's words. */
export function kindOf({ grantType }: Deferral): Kind {
  return (grantType !== undefined && kinds[grantType]) || account
}

/** Which form of waiting the client speaks. */
export function profileOf({ profile }: Deferral): string {
  return profile === 'openid' ? 'OpenID' : 'OAuth'
}
