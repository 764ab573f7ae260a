/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Token Request Using CIBA Grant Type".
 */

/** The grant type of CIBA. */
export const cibaGrantType = 'urn:openid:params:grant-type:ciba'

/** The parameter with which a client polls. */
export const cibaHandle = 'auth_req_id'
