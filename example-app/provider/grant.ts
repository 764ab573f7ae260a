import type { Provider } from 'oidc-provider-deferred'

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** The customer grants every scope of the request. A reviewer may take scopes away later; that is in the deferral. */
export async function grantFor(provider: Provider, { grantId, params, session }: Details): Promise<string> {
  const existing = grantId ? await provider.Grant.find(grantId) : undefined
  const grant =
    existing ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope))
  return grant.save()
}
