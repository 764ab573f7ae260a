/*
 * OpenID Connect Deferred Token Response Flow 1.0: the names that the draft adds to OpenID Connect.
 */

/** Grant type of exchange and poll. */
export const grantType = 'urn:openid:params:grant-type:deferred'

/** The response types, with their words in the order of the host. */
export const responseTypes: readonly string[] = ['deferred_code', 'code deferred_code']

/** Metadata name of the cancellation endpoint; the draft does not define one (C-O01). */
export const cancellationEndpoint = 'deferred_authentication_cancellation_endpoint'
