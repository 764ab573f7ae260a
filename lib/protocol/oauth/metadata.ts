/*
 * OAuth 2.0 Deferred Token Response, "Authorization Server Metadata". The grant type shows up by itself once the host knows it.
 */
import { tokenType } from './names.js'

/** What the discovery document says of this profile (I-001, I-002). */
export function metadata(): Record<string, unknown> {
  return {
    deferred_token_response_supported: true,
    revocation_endpoint_token_type_values_supported: [tokenType],
  }
}
