/** A resource server that takes JWT access tokens (RFC 9068), and one that takes opaque ones. */
export const jwtApi = 'https://jwt.example/api'
export const opaqueApi = 'https://opaque.example/api'

/** The host's feature with both; without a `resource` in the token request the access token is for userinfo. */
export const resourceServers = {
  enabled: true,
  defaultResource: (_ctx: unknown, _client: unknown, oneOf?: readonly string[]) => oneOf,
  useGrantedResource: () => false,
  getResourceServerInfo: (_ctx: unknown, resource: string) => ({
    scope: 'read write',
    audience: resource,
    ...(resource === jwtApi
      ? { accessTokenFormat: 'jwt' as const, accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' as const } } }
      : { accessTokenFormat: 'opaque' as const }),
  }),
}

/** What a client may ask for beside scopes, and a decision may narrow. */
export const narrowable = { claimsParameter: { enabled: true }, resourceIndicators: resourceServers }
