import { type AccessToken, errors, type Provider } from 'oidc-provider'
import { registerDeferrableGrant } from 'oidc-provider-deferred'

/** A grant of an integrator's: an assertion about an end-user whose Grant is there already. */
export const customGrant = 'urn:example:grant-type:assertion'

interface Source {
  accountId: string
  grantId: string
  scope: string
  resource?: string
  rar?: unknown
  nonce?: string
}

/** Models that the host's types leave out, or describe too narrowly. */
interface Models {
  ResourceServer: new (identifier: string, info: object) => AccessToken['resourceServer']
  IdToken: new (
    claims: object,
    about: object,
  ) => { scope: string; set(name: string, value: unknown): void; issue(about: { use: string }): Promise<string> }
}

/** Registers it. It saves what the host's own grants save, for any resource server there is. */
export function registerCustomGrant(provider: Provider, infoOf: (resource: string) => object): void {
  const { AccessToken, RefreshToken } = provider
  const { ResourceServer, IdToken } = provider as unknown as Models
  registerDeferrableGrant(
    provider,
    customGrant,
    {
      validate(ctx) {
        const params = ctx.oidc.params as Record<string, string>
        const { subject, standing, scope, resource, authorization_details: details, nonce } = params
        if (subject !== 'alice' || !standing) throw new errors.InvalidGrant('assertion is not about anybody known')
        if ([resource].flat().length > 1) throw new errors.InvalidTarget('only one resource at a time')
        return {
          accountId: subject,
          grantId: standing,
          scope: scope ?? '',
          ...(resource && { resource }),
          ...(details && { rar: JSON.parse(details) }),
          ...(nonce !== undefined && { nonce }),
        }
      },
      async issue(ctx, source) {
        const { accountId, grantId, scope, resource, rar, nonce } = source as unknown as Source
        // as the host's own grants do, for the integrator's callbacks
        ctx.oidc.entity('Account', { accountId, claims: () => ({ sub: accountId }) })
        ctx.oidc.entity('Grant', await provider.Grant.find(grantId))
        const common = { accountId, grantId, client: ctx.oidc.client, gty: customGrant, scope, rar } as never
        const token = new AccessToken(common)
        if (resource) token.resourceServer = new ResourceServer(resource, infoOf(resource)) as never
        ctx.oidc.entity('AccessToken', token)
        ctx.body = {
          access_token: await token.save(),
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: token.tokenType,
          expires_in: token.expiration,
          scope: token.scope,
          ...(rar !== undefined && { authorization_details: rar }),
          ...(scope.includes('offline_access') && { refresh_token: await refreshToken(common, resource, nonce) }),
          ...(scope.includes('openid') && { id_token: await idToken(accountId, scope, nonce) }),
        }

        async function idToken(sub: string, granted: string, value?: string): Promise<string> {
          const made = new IdToken({ sub }, { ctx })
          made.scope = granted
          if (value !== undefined) made.set('nonce', value)
          return made.issue({ use: 'idtoken' })
        }
      },
    },
    ['subject', 'standing', 'scope', 'resource', 'authorization_details', 'nonce'],
    ['resource'],
  )

  async function refreshToken(common: object, resource?: string, nonce?: string): Promise<string> {
    const made = new RefreshToken({ ...common, resource, nonce, rotations: 0 } as never)
    return made.save()
  }
}
