import type { JsonObject } from 'oidc-provider-deferred'
import { expect } from 'vitest'
import { authorizationCode, held, pollDeferral, redeem } from '../support/deferral.js'
import { until } from '../support/receiver.js'
import { dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { resourceServers } from '../support/resource_servers.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { type Deployment, type DeploymentOptions, deploy } from './deployment.js'

/** The authorization request of a client that wants everything it may have. */
export const all = { scope: 'openid offline_access email', prompt: 'consent' }
export const keys = [new Uint8Array(32).fill(5)]
/** The first question about an authorization code. */
export const gate = 'issue:access_token:authorization_code'
export const configuration = {
  features: {
    resourceIndicators: resourceServers,
    richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
  },
  ttl: { AccessToken: 3600 },
}
export const refresh = (rp: RelyingParty, refresh_token: string, others: Record<string, string | string[]> = {}) =>
  rp.token({ grant_type: 'refresh_token', refresh_token, ...others })

/** The service permits with this context at the gate. */
export function permitWith({ service }: Pick<Deployment, 'service'>, context: JsonObject): void {
  service.policy = ({ action }) => (action.name === gate ? { decision: true, context } : 'permit')
}

/** An access request that was approved for an hour, and the poll that gets its tokens. */
export async function approvedAccess({ op, toNextStep }: Deployment, rp: RelyingParty) {
  const { id, deferralCode } = await held(op, rp, 'authorization_code', { request: all })
  await until(async () => {
    await toNextStep(id)
    return (await op.provider.deferrals.get(id))?.status === 'approved'
  }, 30)
  return () => pollDeferral(rp, deferralCode)
}

/** A client with the tokens of such a request. */
export async function approved({ clientId = 'secret', withKey = false, isWired = true } = {}) {
  const options = { accessRequest: { refreshTokens: true } }
  const deployment = await deploy({ options, deferred: { keys }, ...(isWired && { rotate: true }) })
  const { service, op } = deployment
  service.policy = ({ action }) => (action.name === 'email' ? 'request' : 'permit')
  service.access.script = 'approve'
  const rp = relyingParty(op.issuer, clientId, withKey ? await dpopKey() : undefined)
  const poll = await approvedAccess(deployment, rp)
  service.questions.length = 0
  const { body } = await poll()
  const atRedemption = service.questions.splice(0)
  return { ...deployment, rp, refreshToken: String(body.refresh_token), atRedemption }
}

/** Tokens that end in ten minutes, because the service said so. */
export async function limited(
  options: DeploymentOptions = {},
  request: Record<string, string | string[]> = all,
  params = {},
) {
  const deployment = await deploy({ configuration, rotate: true, ...options })
  const { service, rp } = deployment
  permitWith(deployment, { issuance: { token_lifetime: 600 } })
  const { body } = await redeem(rp, await authorizationCode(rp, request), params)
  service.policy = () => 'permit'
  service.questions.length = 0
  return { ...deployment, refreshToken: String(body.refresh_token) }
}

export const alertOf = (problem: string, reason?: string) => [
  problem,
  { client: 'secret', request: expect.any(String), ...(reason !== undefined && { reason }) },
]
export const denies = 'the policy decision point denies a refresh'
