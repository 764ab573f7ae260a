/*
 * OAuth 2.0 Deferred Token Response, "IANA Considerations": the names that the draft registers.
 */
import { pollGrants } from '../../deferral/profile.js'

/** Grant type of polls. */
export const grantType = pollGrants.oauth

/** Token type of a deferral_code at the revocation endpoint. */
export const tokenType = 'urn:ietf:params:oauth:token-type:deferral-code'
