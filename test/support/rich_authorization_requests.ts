import { createRequire } from 'node:module'
import { errors, type KoaContextWithOIDC } from 'oidc-provider'

type Details = Record<string, unknown>[]
type Validate = (ctx: KoaContextWithOIDC, detail: Record<string, unknown>) => void | Promise<void>

const { version } = createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }
const [major = 0, minor = 0] = version.split('.').map(Number)
const renamed = major > 9 || minor >= 12

/** The host's feature with one type, `payment`; its callbacks were renamed in 9.12. What was requested is granted. */
export function richAuthorizationRequests(validate: Validate): object {
  const types = { payment: { validate } }
  const requested = (ctx: KoaContextWithOIDC) => {
    const { authorization_details: details } = ctx.oidc.params as { authorization_details?: string }
    return details === undefined ? undefined : (JSON.parse(details) as Details)
  }
  const held = (ctx: KoaContextWithOIDC) => (ctx.oidc.entities.AuthorizationCode as unknown as { rar?: Details }).rar
  const refreshed = (ctx: KoaContextWithOIDC) => (ctx.oidc.entities.RefreshToken as unknown as { rar?: Details }).rar
  if (!renamed) {
    return {
      enabled: true,
      ack: 'experimental-01',
      types,
      rarForAuthorizationCode: requested,
      rarForCodeResponse: held,
      rarForRefreshTokenResponse: refreshed,
      rarForIntrospectionResponse: (_ctx: unknown, token: { rar?: Details }) => token.rar,
    }
  }
  return {
    enabled: true,
    types,
    authorizationDetailsForGrantSource: requested,
    authorizationDetailsForAccessToken: (_ctx: unknown, _token: unknown, source: { rar?: Details }) => source.rar,
    authorizationDetailsForIntrospection: (_ctx: unknown, token: { rar?: Details }) => token.rar,
  }
}

const resources = ['https://pay.example/', 'https://books.example/']

/** Two resource servers that take opaque tokens; any other is an invalid target. */
export const resourceIndicators = {
  enabled: true,
  getResourceServerInfo(_ctx: unknown, resource: string) {
    if (!resources.includes(resource)) throw new errors.InvalidTarget()
    return { scope: 'pay read', audience: resource, accessTokenFormat: 'opaque' as const }
  },
}
