/*
 * Nothing of this runs: the compiler reads it, here and in a project where the package is installed. Every type that a public
 * signature mentions is imported by name.
 */
import {
  cancel,
  type DeferrableOptions,
  type Deferral,
  DeferralDenied,
  DeferralExpired,
  DeferralGone,
  type DPoPOptions,
  deferrable,
  deferrableCodeGrant,
  deferredCodeExchange,
  type Granted,
  type Outcome,
  type Pending,
  type Profile,
  type Progress,
  poll,
  type StartOptions,
  type TokenChecks,
  type Tokens,
  type WaitOptions,
  wait,
} from 'oidc-provider-deferred/client'
import * as client from 'openid-client'

export type EveryType = [
  DPoPOptions,
  DeferrableOptions,
  Deferral,
  Granted,
  Outcome,
  Pending,
  Profile,
  Progress,
  StartOptions,
  TokenChecks,
  Tokens,
  WaitOptions,
]

declare const config: client.Configuration
declare const currentUrl: URL
declare const request: Request
declare const saved: string

export async function openid(): Promise<client.IDToken | undefined> {
  const checks = { expectedState: client.skipStateCheck, pkceCodeVerifier: 'verifier', maxAge: 60 } as const
  const deferral: Deferral = await deferredCodeExchange(
    config,
    request,
    checks,
    { resource: 'https://api.example' },
    {},
  )
  // @ts-expect-error a deferral is not changed
  deferral.handle = 'another'
  const tokens = await wait(config, deferral, {
    signal: AbortSignal.timeout(60_000),
    onPending: ({ status, retryAfter, progress, interactionUri }: Pending) => {
      const text: string = status
      console.log(text, retryAfter.toFixed(), progress?.step, interactionUri?.length)
    },
    subscribe: (wake) => {
      const timer = setInterval(wake, 1000)
      return () => clearInterval(timer)
    },
  })
  await wait(config, deferral, { subscribe: (wake) => wake() })
  return tokens.claims()
}

export async function oauth(): Promise<Tokens> {
  const outcome: Outcome = await deferrable(
    config,
    (parameters: Record<string, string>, options) => client.clientCredentialsGrant(config, parameters, options),
    { notificationToken: 'token', checks: { expectedNonce: 'nonce' } },
  )
  if (outcome.deferral) return wait(config, outcome.deferral)
  const tokens: Tokens = outcome.tokens
  const { tokens: atOnce, deferral: later } = outcome as Outcome
  const granted: Tokens = atOnce ?? (await wait(config, later))
  console.log(granted.access_token)
  const { deferral } = await deferrableCodeGrant(config, currentUrl, { expectedState: 'state' })
  // @ts-expect-error perhaps there is none
  await wait(config, deferral)
  return tokens
}

export async function polled(): Promise<number | Tokens> {
  const answer = await poll(config, JSON.parse(saved), {
    DPoP: client.getDPoPHandle(config, {} as client.CryptoKeyPair),
  })
  // @ts-expect-error only what was granted has tokens
  answer.tokens
  return answer.status === 'granted' ? answer.tokens : answer.retryAfter
}

export async function gaveUp(deferral: Deferral): Promise<string | boolean | undefined> {
  try {
    await cancel(config, deferral)
    // @ts-expect-error of which server?
    await cancel(deferral)
  } catch (error) {
    if (error instanceof DeferralDenied) return error.reason
    if (error instanceof DeferralGone) return error.answerLost
    if (error instanceof DeferralExpired) return error.message
  }
  return undefined
}
