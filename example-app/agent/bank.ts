import { deferrable, type Outcome } from 'oidc-provider-deferred/client'
import {
  allowInsecureRequests,
  ClientSecretBasic,
  type Configuration,
  clientCredentialsGrant,
  customFetch,
  type DPoPHandle,
  discovery,
} from 'openid-client'
import { agentClient } from '../provider/clients.js'
import { detailOf, type Payment, paymentsResource } from '../provider/payment.js'

export interface BankAddress {
  issuer: string
  fetch: typeof fetch
}

/** The bank's provider, with its metadata and the credentials of the agent. */
export async function discoverBank({ issuer, fetch }: BankAddress): Promise<Configuration> {
  const { id, secret } = agentClient
  return discovery(new URL(issuer), id, secret, ClientSecretBasic(secret), {
    execute: [allowInsecureRequests],
    [customFetch]: (url, { body, ...init }) => fetch(url, { ...init, body: body ?? null }),
  })
}

/** The token request. It offers to wait. */
export function requestPayment(bank: Configuration, payment: Payment, DPoP: DPoPHandle): Promise<Outcome> {
  const authorization_details = JSON.stringify([detailOf(payment)])
  const request = { scope: 'payments', resource: paymentsResource, authorization_details }
  return deferrable(
    bank,
    (parameters, options) => clientCredentialsGrant(bank, { ...request, ...parameters }, options),
    { DPoP },
  )
}
