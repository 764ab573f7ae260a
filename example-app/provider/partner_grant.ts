/** JWT bearer grant (RFC 7523), the partner's client sends it. */
export const partnerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Issuer of the partner's assertions. */
export const partnerIssuer = 'https://id.tideline.example'
