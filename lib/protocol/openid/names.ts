/** Grant type of exchange and poll. */
export const grantType = 'urn:openid:params:grant-type:deferred'

/** Response types as the host sorts their words. */
export const responseTypes: readonly string[] = ['deferred_code', 'code deferred_code']

/** Metadata name of the cancellation endpoint; the draft has none (C-O01). */
export const cancellationEndpoint = 'deferred_authentication_cancellation_endpoint'
