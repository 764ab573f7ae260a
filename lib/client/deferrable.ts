/*
 * OAuth 2.0 Deferred Token Response, "Token Request" and "Deferred Response": any grant may be answered with an error that has a
 * handle.
 */
import * as client from 'openid-client'
import { assertStart } from './arguments.js'
import type { Tokens } from './configuration.js'
import {
  createDeferral,
  type Deferral,
  type DPoPOptions,
  defined,
  type StartOptions,
  type TokenChecks,
} from './deferral.js'

/** Tokens at once, or a deferral. */
export type Outcome = { tokens: Tokens; deferral?: never } | { tokens?: never; deferral: Deferral }

/** What `deferrable()` takes beside the request. */
export interface DeferrableOptions extends StartOptions {
  /** What the ID Token to come is compared with. Needed where `grant` passes a nonce or a maximum age to openid-client. */
  checks?: TokenChecks
}

/**
 * oauth profile: sends a token request that offers to wait. `grant` makes it, with any function of openid-client, and adds what it
 * is given. Resolves to the tokens, if the provider decided at once, or to the deferral. Save that before anything else. Where
 * somebody has to act first it has an `interactionUri`.
 *
 * Rejects as `grant` does.
 *
 * ```ts
 * import * as client from 'openid-client'
 * import { deferrable, wait } from 'oidc-provider-deferred/client'
 *
 * const { tokens, deferral } = await deferrable(config, (parameters, options) =>
 *   client.clientCredentialsGrant(config, { scope: 'payments', ...parameters }, options))
 * const granted = tokens ?? (await wait(config, deferral))
 * ```
 */
export async function deferrable(
  config: client.Configuration,
  grant: (parameters: Record<string, string>, options: DPoPOptions) => Promise<Tokens>,
  options: DeferrableOptions = {},
): Promise<Outcome> {
  const { DPoP, notificationToken, checks = {} } = options
  assertStart(checks, options)
  const parameters = {
    completion_mode: 'deferred',
    ...(notificationToken !== undefined && { client_notification_token: notificationToken }),
  }
  try {
    return { tokens: await grant(parameters, defined({ DPoP })) }
  } catch (error) {
    if (!(error instanceof client.ResponseBodyError) || !isDeferred(error)) throw error
    return { deferral: await createDeferral(config, 'oauth', error.cause, options) }
  }
}

function isDeferred({ error, cause }: client.ResponseBodyError): boolean {
  return (error === 'authorization_pending' || error === 'interaction_required') && cause.deferral_code !== undefined
}

/**
 * oauth profile: `authorizationCodeGrant()` of openid-client, for a provider that may defer. Nonce and maximum age of the checks are
 * kept for the ID Token to come.
 *
 * ```ts
 * import { deferrableCodeGrant, wait } from 'oidc-provider-deferred/client'
 *
 * const checks = { expectedState, expectedNonce, pkceCodeVerifier }
 * const { tokens, deferral } = await deferrableCodeGrant(config, currentUrl, checks)
 * const granted = tokens ?? (await wait(config, deferral))
 * ```
 */
export function deferrableCodeGrant(
  config: client.Configuration,
  currentUrl: URL | Request,
  checks: client.AuthorizationCodeGrantChecks = {},
  tokenEndpointParameters: URLSearchParams | Record<string, string> = {},
  options: StartOptions = {},
): Promise<Outcome> {
  const request = (added: Record<string, string>, dpop: DPoPOptions) => {
    const parameters = new URLSearchParams(tokenEndpointParameters)
    for (const [name, value] of Object.entries(added)) parameters.set(name, value)
    // a copy: openid-client writes into the object that it is given
    return client.authorizationCodeGrant(config, currentUrl, { ...checks }, parameters, dpop)
  }
  return deferrable(config, request, { ...options, checks })
}
