/** JWT bearer grant (RFC 7523), with which a client of our partner asks for tokens. */
export const partnerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** The partner's identity provider, as its assertions name it. */
export const partnerIssuer = 'https://id.tideline.example'
