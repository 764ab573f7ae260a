/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Request" and "Deferred Code Exchange Request": the names that
 * the draft adds to OpenID Connect.
 */
import { pollGrants } from '../../deferral/profile.js'

/** Grant type of exchange and poll. */
export const grantType = pollGrants.openid

/** The response types, with their words in the order of the host. */
export const responseTypes: readonly string[] = ['deferred_code', 'code deferred_code']

/** Metadata name of the cancellation endpoint; the draft does not define one (C-O01). */
export const cancellationEndpoint = 'deferred_authentication_cancellation_endpoint'
