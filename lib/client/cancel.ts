/* "Cancellation" of both drafts: the cancellation endpoint of the OpenID draft, or revocation (RFC 7009). */
import * as client from 'openid-client'
import { assertOwnDeferral } from './arguments.js'
import { emptyAnswer, siblingConfiguration } from './configuration.js'
import { type Deferral, type DPoPOptions, defined } from './deferral.js'
import { clientError } from './errors.js'

/**
 * Tells the provider that nobody waits any more. Resolves whatever the deferral is: pending, approved, or over. Tokens that were
 * issued are not revoked. Rejects as openid-client does; then it can be called again.
 *
 * It calls the cancellation endpoint of the openid profile, or else the revocation endpoint.
 *
 * ```ts
 * import { cancel } from 'oidc-provider-deferred/client'
 *
 * await cancel(config, await load(id))
 * ```
 */
export async function cancel(
  config: client.Configuration,
  deferral: Deferral,
  options: DPoPOptions = {},
): Promise<void> {
  await assertOwnDeferral(config, deferral, options)
  const { name, parameters } = requestOf(config, deferral)
  // not tokenRevocation(): it takes no DPoP handle
  const sibling = siblingConfiguration(
    config,
    async (body, send) => {
      body.delete('grant_type')
      const response = await send()
      return response.status === 200 ? emptyAnswer(response) : response
    },
    asTokenEndpoint(config.serverMetadata(), name),
  )
  await client.genericGrantRequest(sibling, 'none', parameters, defined({ DPoP: options.DPoP }))
}

const cancellation = 'deferred_authentication_cancellation_endpoint'

function requestOf(config: client.Configuration, { profile, handle }: Deferral) {
  return profile === 'openid' && config.serverMetadata()[cancellation] !== undefined
    ? { name: cancellation, parameters: { deferred_auth_id: handle } }
    : { name: 'revocation_endpoint', parameters: { token: handle } }
}

/** Metadata whose token endpoint is another endpoint of the server. */
function asTokenEndpoint(server: client.ServerMetadata, name: string): Partial<client.ServerMetadata> {
  const endpoint = server[name]
  const alias = server.mtls_endpoint_aliases?.[name] ?? endpoint
  if (typeof endpoint !== 'string' || typeof alias !== 'string') {
    const message = `authorization server metadata does not contain a valid "as.${name}"`
    throw clientError(message, 'OAUTH_MISSING_SERVER_METADATA', { attribute: name })
  }
  return { token_endpoint: endpoint, mtls_endpoint_aliases: { token_endpoint: alias } }
}
