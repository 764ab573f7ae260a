/** JWT bearer grant (RFC 7523). The partner's client uses it. */
export const partnerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Issuer of the partner's assertions. */
export const partnerIssuer = 'https://id.tideline.example'
