/** Grant type of polls. */
export const grantType = 'urn:ietf:params:oauth:grant-type:deferred'

/** Token type of a poll handle, at the revocation endpoint. */
export const tokenType = 'urn:ietf:params:oauth:token-type:deferral-code'
