import type { Provider } from 'oidc-provider-deferred'

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** Everything asked for is granted by the customer here; what the reviewer takes away later is the deferral's matter. */
export async function grantFor(provider: Provider, { grantId, params, session }: Details): Promise<string> {
  const known = grantId ? await provider.Grant.find(grantId) : undefined
  const grant = known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params.client_id) })
  grant.addOIDCScope(String(params.scope))
  return grant.save()
}
