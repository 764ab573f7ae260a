import { createRequire } from 'node:module'
import { type Account, type Client, type interactionPolicy, Provider } from 'oidc-provider'
// no public way: the host keeps grant handlers, response types and resolved features in a private cache per provider
import * as weakCache from 'oidc-provider/lib/helpers/weak_cache.js'
import type { Context } from './context.js'

/** A grant handler of the host. */
export type GrantHandler = (ctx: Context) => Promise<void>

/** The parts of the host's internals that the plugin uses. */
export interface Internals {
  configuration: {
    responseTypes: string[]
    grantTypes: Set<string>
    extraClientMetadata: { properties: string[] }
    scopes: Set<string>
    routes: Record<string, string>
    findAccount: (ctx: Context, accountId: string) => Promise<Account | undefined> | Account | undefined
    issueRefreshToken: (ctx: Context, client: Client, source: unknown) => Promise<boolean> | boolean
    interactions: { policy: Iterable<interactionPolicy.Prompt> }
    features: {
      dPoP: { enabled: boolean; allowReplay: boolean }
      resourceIndicators: { enabled: boolean }
      mTLS: { getCertificate: (ctx: Context) => unknown }
      ciba: {
        triggerAuthenticationDevice: (ctx: Context, request: object, account: Account, client: Client) => unknown
      }
    }
  }
  grantTypeHandlers: Map<string, GrantHandler>
  grantTypeParams: Map<string | undefined, Set<string>>
  grantTypeDupes: Map<string, Set<string>>
}

/** A place in the host where the plugin connects, and a check that it works as expected. */
type Seam = [name: string, works: (provider: any, internals: any) => boolean]

const seams: Seam[] = [
  ['configuration.responseTypes', (_, { configuration }) => Array.isArray(configuration.responseTypes)],
  ['configuration.grantTypes', (_, { configuration }) => configuration.grantTypes instanceof Set],
  ['configuration.scopes', (_, { configuration }) => configuration.scopes instanceof Set],
  ['configuration.routes.token', (_, { configuration }) => typeof configuration.routes.token === 'string'],
  ['configuration.findAccount', (_, { configuration }) => isFunction(configuration.findAccount)],
  ['configuration.issueRefreshToken', (_, { configuration }) => isFunction(configuration.issueRefreshToken)],
  [
    'configuration.features.dPoP',
    (_, { configuration: { features } }) => 'enabled' in features.dPoP && 'allowReplay' in features.dPoP,
  ],
  [
    'configuration.features.resourceIndicators',
    (_, { configuration: { features } }) => 'enabled' in features.resourceIndicators,
  ],
  [
    'configuration.interactions.policy',
    (_, { configuration: { interactions } }) => isFunction(interactions.policy[Symbol.iterator]),
  ],
  [
    'configuration.features.mTLS.getCertificate',
    (_, { configuration }) => isFunction(configuration.features.mTLS.getCertificate),
  ],
  ['grantTypeHandlers', (_, { grantTypeHandlers }) => isFunction(grantTypeHandlers.get('authorization_code'))],
  ['grantTypeParams', (_, { grantTypeParams }) => grantTypeParams.get(undefined) instanceof Set],
  ['grantTypeDupes', (_, { grantTypeDupes }) => grantTypeDupes instanceof Map],
  ['Provider.ctx', (provider) => 'ctx' in provider.constructor],
  [
    'AuthorizationCode',
    ({ AuthorizationCode }) => isModel(AuthorizationCode) && isFunction(AuthorizationCode.prototype.consume),
  ],
  ['AuthorizationCode payload', ({ AuthorizationCode }) => keepsPayload(AuthorizationCode)],
  ['AccessToken', ({ AccessToken }) => isModel(AccessToken) && isFunction(AccessToken.prototype.setThumbprint)],
  ['AccessToken.revokeByGrantId', ({ AccessToken }) => isFunction(AccessToken.revokeByGrantId)],
  ['ClientCredentials', ({ ClientCredentials }) => isModel(ClientCredentials)],
  ['RefreshToken', ({ RefreshToken }) => isModel(RefreshToken)],
  ['RefreshToken.revokeByGrantId', ({ RefreshToken }) => isFunction(RefreshToken.revokeByGrantId)],
  ['DeviceCode.save', ({ DeviceCode }) => isFunction(DeviceCode.prototype.save)],
  ['DeviceCode.consume', ({ DeviceCode }) => isFunction(DeviceCode.prototype.consume)],
  [
    'BackchannelAuthenticationRequest.consume',
    ({ BackchannelAuthenticationRequest: request }) => isFunction(request.prototype.consume),
  ],
  ['BackchannelAuthenticationRequest', ({ BackchannelAuthenticationRequest: request }) => isModel(request)],
  ['Client.backchannelPing', ({ Client }) => isFunction(Client.prototype.backchannelPing)],
  ['Provider.createContext', (provider) => isFunction(provider.createContext)],
  ['ReplayDetection.unique', ({ ReplayDetection }) => isFunction(ReplayDetection.unique)],
  // `in` does not call the accessor, which would create the integrator's adapter now
  ['ReplayDetection.adapter', ({ ReplayDetection }) => 'adapter' in ReplayDetection],
  ['AuthorizationCode.adapter', ({ AuthorizationCode }) => 'adapter' in AuthorizationCode],
  ['Grant.find', ({ Grant }) => isModel(Grant)],
  ['Grant.isExpired', ({ Grant }) => new Grant({ exp: 1 }).isExpired === true && !new Grant({}).isExpired],
  ['Session.authorizationFor', ({ Session }) => isFunction(Session.prototype.authorizationFor)],
  ['Session.grantIdFor', ({ Session }) => isFunction(Session.prototype.grantIdFor)],
  ['Session.findByUid', ({ Session }) => isFunction(Session.findByUid)],
  ['IdToken.issue', ({ IdToken }) => isFunction(IdToken.prototype.issue)],
  ['IdToken.validate', ({ IdToken }) => isFunction(IdToken.validate)],
  ['Client.responseTypeAllowed', ({ Client }) => isFunction(Client.prototype.responseTypeAllowed)],
  ['Client.grantTypeAllowed', ({ Client }) => isFunction(Client.prototype.grantTypeAllowed)],
  // a field of the class would hide the accessor on its prototype
  ['OIDCContext.body', ({ OIDCContext }) => !Object.hasOwn(new OIDCContext({ req: {} }), 'body')],
  ['OIDCContext.entity', ({ OIDCContext }) => isFunction(OIDCContext.prototype.entity)],
  ['OIDCContext.urlFor', ({ OIDCContext }) => isFunction(OIDCContext.prototype.urlFor)],
  [
    'OIDCContext.clientJwtAuthExpectedAudience',
    ({ OIDCContext }) => isFunction(OIDCContext.prototype.clientJwtAuthExpectedAudience),
  ],
]

/** Throws a `TypeError` for a provider of another copy of oidc-provider than the one that the plugin imports. */
export function assertSameHost(provider: Provider): void {
  if (provider instanceof Provider) return
  const isProvider = typeof (provider as Partial<Provider> | undefined)?.pathFor === 'function'
  throw new TypeError(
    isProvider
      ? `features.deferredTokenResponse cannot work with a provider of another copy of oidc-provider than the ${version()} that it imports: ` +
          'install one copy for both, npm ls oidc-provider lists the copies and npm dedupe may merge them'
      : 'features.deferredTokenResponse needs a provider of oidc-provider, pass the instance that new Provider() returned',
  )
}

function version(): string {
  return createRequire(import.meta.url)('oidc-provider/package.json').version
}

/** The host's internals. Checks each seam; throws a `TypeError` that names the first one that fails, and the host's version. */
export function internalsOf(provider: Provider): Internals {
  const internals = uncheckedInternalsOf(provider)
  for (const [name, works] of seams) {
    if (!attempt(() => works(provider, internals))) throw moved(name)
  }
  return internals
}

/** The host's internals without the check, for a provider without the plugin. */
export function uncheckedInternalsOf(provider: Provider): Internals {
  const instance = (weakCache as { default?: unknown }).default
  const internals = isFunction(instance) ? instance(provider) : undefined
  if (!internals) throw moved('lib/helpers/weak_cache.js')
  return internals as Internals
}

/** The error for a seam that has changed in this version of the host. */
export function moved(seam: string): TypeError {
  return new TypeError(
    `features.deferredTokenResponse cannot work with oidc-provider ${version()}: ${seam} is not what it was, ` +
      'use a version named in the README or set enabled: false',
  )
}

function attempt(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

function isFunction(value: unknown): value is (...args: any[]) => any {
  return typeof value === 'function'
}

function isModel(model: any): boolean {
  return isFunction(model.find) && isFunction(model.prototype.save) && isFunction(model.prototype.getValueAndPayload)
}

function keepsPayload(AuthorizationCode: any): boolean {
  const code = new AuthorizationCode({ clientId: 'client', redirectUri: 'https://rp.example/cb', dpopJkt: 'jkt' })
  return code.clientId === 'client' && code.redirectUri === 'https://rp.example/cb' && code.dpopJkt === 'jkt'
}
