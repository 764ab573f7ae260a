/*
 * OAuth 2.0 Deferred Token Response, "Authorization Server Metadata": the members of the discovery document that show the
 * support of this draft. The host adds the grant type itself.
 */
import type { Settings } from '../../options/options.js'
import { directSettings } from '../../options/profiles.js'
import { tokenType } from './names.js'

/** The members of the discovery document for this profile (I-001, I-002, X-001, X-002). */
export function metadata(settings: Settings): Record<string, unknown> {
  return {
    ...(directSettings(settings) && {
      deferred_authorization_endpoint_supported: true,
      authorization_response_iss_parameter_supported: true,
    }),
    deferred_token_response_supported: true,
    revocation_endpoint_token_type_values_supported: [tokenType],
  }
}
