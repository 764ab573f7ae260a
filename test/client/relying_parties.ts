import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import type { Deferral } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { clients, redirectUri } from '../support/clients.js'
import type { TestProvider } from '../support/provider.js'
import { codeChallenge, codeVerifier } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

/** A client of the test providers with everything registered, under another name. */
export const named = (clientId: string, change: Partial<DeferringClientMetadata> = {}): DeferringClientMetadata => ({
  ...clients[0],
  client_secret: 'a secret of 32 characters, or more',
  ...change,
  client_id: clientId,
})

/** A Configuration of openid-client for a client of the provider. */
export function configurationOf(
  { issuer }: { issuer: string },
  clientId: string,
  authentication: client.ClientAuth = client.ClientSecretBasic(
    clients.find(({ client_id }) => client_id === clientId)?.client_secret ?? 'none',
  ),
  metadata: Partial<client.ClientMetadata> = {},
): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), clientId, metadata, authentication, {
    execute: [client.allowInsecureRequests],
  })
}

/** The checks that belong to `authorizationUrl`. */
export const checks = { expectedState: 'a state', expectedNonce: 'a nonce', pkceCodeVerifier: codeVerifier }

/** Where the end-user is sent. */
export function authorizationUrl(config: client.Configuration, params: Record<string, string> = {}): URL {
  return client.buildAuthorizationUrl(config, {
    response_type: 'deferred_code',
    redirect_uri: redirectUri,
    scope: 'openid',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
    ...params,
  })
}

/** The redirect that comes back: a URL, or the Request of a form. */
export async function redirect(config: client.Configuration, params: Record<string, string> = {}) {
  const { url, params: form, html } = await userAgent().visit(authorizationUrl(config, params).href)
  if (url) return url
  if (Object.keys(form).length === 0) throw new Error(html)
  return new Request(redirectUri, { method: 'POST', body: new URLSearchParams(form) })
}

/** The id by which reviewers know a deferral. */
export const idOf = ({ handle }: Deferral): string => handle.slice(0, 22)

/** A DPoP handle of a new key. */
export const newKey = async (config: client.Configuration) =>
  client.getDPoPHandle(config, await client.randomDPoPKeyPair())

/** What a deferral is after it was saved and loaded. */
export const reloaded = (deferral: Deferral): Deferral => JSON.parse(JSON.stringify(deferral))

export const statusOf = async (op: TestProvider, deferral: Deferral) =>
  (await op.provider.deferrals.get(idOf(deferral)))?.status
