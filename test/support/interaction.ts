import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import type { JsonObject } from 'oidc-provider-deferred'

/** What an end-user does when asked. */
export interface Interaction {
  accountId?: string
  /** the end-user refuses */
  refuses?: boolean
  /** scopes and details the end-user keeps back at consent */
  withholds?: string[]
  /** evidence handed to reviewers */
  context?: Record<string, unknown>
  acr?: string
  amr?: string[]
  /** authorization details granted at consent */
  remember?: boolean
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** Finishes an interaction as an integrator's own page would. */
export async function interact(
  provider: Provider,
  req: IncomingMessage,
  res: ServerResponse,
  interaction: Interaction,
): Promise<void> {
  try {
    const details = await provider.interactionDetails(req, res)
    await provider.interactionFinished(req, res, await result(provider, details, interaction))
  } catch (error) {
    res.statusCode = 500
    res.end(String(error))
  }
}

async function result(provider: Provider, details: Details, interaction: Interaction) {
  const { accountId = 'alice', refuses, context, acr, amr, remember = true } = interaction
  if (refuses) return { error: 'access_denied', error_description: 'end-user aborted the interaction' }
  const evidence = context && { deferral: { context: context as JsonObject } }
  if (details.prompt.name === 'login') {
    return { login: { accountId, remember, ...(acr && { acr }), ...(amr && { amr }) }, ...evidence }
  }
  return { consent: { grantId: await consent(provider, details, interaction.withholds ?? []) }, ...evidence }
}

async function consent(provider: Provider, details: Details, withheld: string[]): Promise<string> {
  const { grantId, params, session, prompt } = details
  const grant =
    (grantId && (await provider.Grant.find(grantId))) ||
    new provider.Grant({ accountId: session?.accountId as string, clientId: params.client_id as string })
  const kept = (scopes: string[]) => scopes.filter((scope) => !withheld.includes(scope)).join(' ')
  const missing = prompt.details as {
    missingOIDCScope?: string[]
    missingOIDCClaims?: string[]
    missingResourceScopes?: Record<string, string[]>
    rar?: unknown[]
  }
  if (missing.missingOIDCScope) {
    grant.addOIDCScope(kept(missing.missingOIDCScope))
    if (withheld.length) grant.rejectOIDCScope(withheld.join(' '))
  }
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims)
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {}))
    grant.addResourceScope(resource, kept(scopes))
  for (const detail of missing.rar ?? []) (grant as unknown as { addRar(detail: unknown): void }).addRar(detail)
  return grant.save()
}
