/*
 * OAuth 2.0 Deferred Token Response, "Authorization Server Metadata": the members of the discovery document that show the
 * support of this draft. The host adds the grant type itself.
 */
import { tokenType } from './names.js'

/** The members of the discovery document for this profile (I-001, I-002). */
export function metadata(): Record<string, unknown> {
  return {
    deferred_token_response_supported: true,
    revocation_endpoint_token_type_values_supported: [tokenType],
  }
}
