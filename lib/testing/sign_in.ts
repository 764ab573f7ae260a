import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** Finishes an interaction as if this end-user had signed in and consented to everything. */
export async function signIn(
  provider: Provider,
  accountId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const details = await provider.interactionDetails(request, response)
    const result =
      details.prompt.name === 'login'
        ? { login: { accountId } }
        : { consent: { grantId: await consent(provider, details) } }
    await provider.interactionFinished(request, response, result)
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
  }
}

async function consent(provider: Provider, { grantId, params, session, prompt }: Details): Promise<string> {
  const earlier = grantId === undefined ? undefined : await provider.Grant.find(grantId)
  const owner = { accountId: session?.accountId as string, clientId: params.client_id as string }
  const grant = earlier ?? new provider.Grant(owner)
  const missing = prompt.details as {
    missingOIDCScope?: string[]
    missingOIDCClaims?: string[]
    missingResourceScopes?: Record<string, string[]>
    rar?: never[]
  }
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '))
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims)
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '))
  }
  for (const detail of missing.rar ?? []) grant.addRar(detail)
  return grant.save()
}
