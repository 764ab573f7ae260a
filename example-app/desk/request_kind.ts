import type { Deferral } from 'oidc-provider-deferred'
import { partnerGrant } from '../provider/partner_grant.js'

/** The texts for one kind of request. */
interface Kind {
  name: string
  /** The first progress text. */
  step: string
  /** Frequent reasons to refuse it. */
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
    reasons: ['Please call us', 'The customer did not sign in'],
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

/** The kind of a request. */
export function kindOf({ grantType, queue }: Deferral): Kind {
  if (queue === 'partners') return kinds[partnerGrant] ?? account
  return (grantType !== undefined && kinds[grantType]) || account
}
