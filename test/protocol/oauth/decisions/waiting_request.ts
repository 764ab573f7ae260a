import type { DeferredConfiguration, DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { clients } from '../../../support/clients.js'
import { held, pollDeferral } from '../../../support/deferral.js'
import { waiting } from '../../../support/journey.js'
import { startProvider, type TestOptions, type TestProvider } from '../../../support/provider.js'
import { type Answer, type RelyingParty, relyingParty } from '../../../support/relying_party.js'
import { resourceServers } from '../../../support/resource_servers.js'
import { richAuthorizationRequests } from '../../../support/rich_authorization_requests.js'
import { customGrant, registerCustomGrant } from '../equivalence/custom_grant.js'

/** Everything that can wait: the openid profile, and each kind of grant of the oauth profile. */
export const kinds = ['openid', 'authorization_code', 'client_credentials', customGrant] as const
export type Kind = (typeof kinds)[number]

/** What a client asks for. */
export interface Asked {
  scope?: string
  resource?: string[]
  /** of the resources, the one named in the token request */
  target?: string
  details?: object[]
  /** of the details, those named in the token request */
  targetDetails?: object[]
  claims?: object
  max_age?: string
}

/** A deferral that is to be decided. */
export interface WaitingRequest {
  id: string
  rp: RelyingParty
  /** with a second granted for the approval to take place */
  poll(): Promise<Answer>
}

/** Starts a provider with whatever decisions are about; it defers every request. */
export async function startDeciding(
  deferred: DeferredTokenResponseOptions = {},
  { features, ...configuration }: DeferredConfiguration = {},
  options: Omit<TestOptions, 'configuration' | 'deferred'> = {},
): Promise<TestProvider> {
  const op = await startProvider({
    ...options,
    configuration: {
      clients: clients.map((client) => ({
        ...client,
        grant_types: [...(client.grant_types ?? []), customGrant],
        authorization_details_types: ['payment', 'account'],
      })),
      ...configuration,
      features: {
        claimsParameter: { enabled: true },
        resourceIndicators: resourceServers,
        richAuthorizationRequests: twoTypes(),
        ...features,
      } as never,
    },
    deferred: { defer: () => true, ...deferred },
  })
  registerCustomGrant(op.provider, (resource) => resourceServers.getResourceServerInfo(undefined, resource))
  return op
}

/** The host's feature with the types `payment` and `account`. */
export function twoTypes(): object {
  const feature = richAuthorizationRequests(() => undefined) as { types: { payment: object } }
  return { ...feature, types: { ...feature.types, account: feature.types.payment } }
}

/** Has a client ask, and wait. */
export async function waitingRequest(op: TestProvider, kind: Kind, asked: Asked = {}): Promise<WaitingRequest> {
  const rp = asking(relyingParty(op.issuer), asked)
  const request = authorizationRequest(asked)
  const params = { resource: asked.target, ...rar(asked.targetDetails) }
  if (kind === 'openid') {
    const { handle, id } = await waiting(op, rp, { request, params })
    return { id, rp, poll: () => rp.poll(handle) }
  }
  const { deferralCode, id } = await heldOf(op, rp, kind, { ...asked, params, request })
  return { id, rp, poll: () => pollDeferral(rp, deferralCode) }
}

function heldOf(
  op: TestProvider,
  rp: RelyingParty,
  kind: Exclude<Kind, 'openid'>,
  { request, params, ...asked }: Asked & { request: Record<string, string>; params: object },
) {
  if (kind === 'authorization_code') return held(op, rp, kind, { request, params: { ...params } })
  const own = { scope: asked.scope, resource: asked.target ?? asked.resource?.[0], ...rar(asked.details) }
  if (kind === 'client_credentials') return held(op, rp, kind, { params: own })
  return heldCustom(op, rp, own)
}

async function heldCustom(
  op: TestProvider,
  rp: RelyingParty,
  asked: { scope: string | undefined; resource: string | undefined },
) {
  const scope = asked.scope ?? 'openid'
  const grant = new op.provider.Grant({ accountId: 'alice', clientId: rp.clientId })
  grant.addOIDCScope(scope)
  if (asked.resource) grant.addResourceScope(asked.resource, scope)
  const params = { ...asked, scope, grant_type: customGrant, subject: 'alice', standing: await grant.save() }
  return held(op, rp, 'client_credentials', { params })
}

function authorizationRequest({ scope, claims, details, max_age }: Asked): Record<string, string> {
  return {
    ...(scope !== undefined && { scope }),
    ...(scope?.includes('offline_access') && { prompt: 'consent' }),
    ...(claims && { claims: JSON.stringify(claims) }),
    ...(max_age && { max_age }),
    ...rar(details),
  }
}

function rar(details: object[] | undefined) {
  return details && { authorization_details: JSON.stringify(details) }
}

// the resources of the authorization request, of which there may be several
function asking(rp: RelyingParty, { resource = [] }: Asked): RelyingParty {
  return {
    ...rp,
    authorizationUrl(params) {
      const url = new URL(rp.authorizationUrl(params))
      for (const one of resource) url.searchParams.append('resource', one)
      return url.href
    },
  }
}

/** What a resource server learns of a token. */
export async function introspected(op: TestProvider, token: string): Promise<Record<string, unknown>> {
  return (await relyingParty(op.issuer, 'other').post('/token/introspection', { token })).body
}
