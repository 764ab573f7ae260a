/*
 * Not in the drafts: the refusals of requests that have to wait but cannot. Each says what the client must send instead.
 */
import { errors } from 'oidc-provider'
import type { DeferRequest, Obstacle } from '../options/defer.js'
import type { Settings } from '../options/options.js'
import { grantType } from './oauth/names.js'

type Refusal = (request: DeferRequest, profiles: Settings['profiles']) => Error

const hasToWait = 'this request has to wait'
const offer = 'completion_mode=deferred'

const refusals: Record<Obstacle, Refusal> = {
  completion_mode: () => new errors.InvalidRequest(`${hasToWait}: send ${offer}, then poll with the deferral_code`),
  client: () =>
    new errors.UnauthorizedClient(`${hasToWait}: register the client for grant type ${grantType}, and send ${offer}`),
  key: () => new errors.InvalidDpopProof(`${hasToWait}: a public client must send a DPoP proof`),
  grant: ({ profile, grantType: requested }, profiles) => {
    const ways = [
      profiles.openid && 'response_type=deferred_code',
      profiles.oauth && `a token request of a grant that can wait with ${offer}`,
    ]
    const flow = profile === 'openid' ? 'this response_type' : requested
    return new errors.AccessDenied(`${hasToWait}, and ${flow} cannot: use ${ways.filter(Boolean).join(' or ')}`)
  },
}

/** The refusal of a request that has to wait but cannot, by its obstacle. */
export function refusalOf(request: DeferRequest, obstacle: Obstacle, { profiles }: Settings): Error {
  return refusals[obstacle](request, profiles)
}
