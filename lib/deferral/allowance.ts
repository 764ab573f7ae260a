import { authorizationDetails } from './decision.js'
import type { Decision, Granted } from './deferral.js'
import type { DeferralRecord } from './deferral_record.js'
import { assertNarrower, type Narrowing } from './narrow.js'
import { boolean, isText, lifetime, listOf, optional, shape } from './shape.js'
import { seconds } from './transition.js'

/** Rights of an answer: at most those that were requested. Absent members as requested. */
export interface Allowance extends Pick<Granted, 'scope' | 'resource' | 'authorizationDetails'> {
  /** seconds after which every token ends, refreshed ones too */
  expiresIn?: number
  /** whether a refresh token may be issued (`true`) */
  refreshToken?: boolean
}

const texts = listOf('a non-empty string', isText)

/** Checks an answer that allows less than was requested. */
export const allowing = shape<{ allow: Allowance }>({
  allow: shape<Allowance>({
    scope: optional(texts),
    resource: optional(texts),
    authorizationDetails: optional(authorizationDetails),
    expiresIn: optional(lifetime),
    refreshToken: optional(boolean),
  }),
})

/** The request that an allowance must not exceed. */
type Requested = Pick<DeferralRecord, 'profile' | 'scope' | 'resource'> &
  Pick<Partial<DeferralRecord>, 'authorizationDetails' | 'requestedResource'>

/** Throws a `RangeError` if an allowance is wider than the request, or leaves nothing. */
export function assertAllowance(requested: Requested, allowance: Allowance, narrowing: Narrowing): void {
  assertNarrower(requested, grantedOf(allowance), narrowing)
}

/** A decision with the rights of an allowance. Throws a `RangeError` if the allowance is wider than the decision. */
export function narrowDecision(
  record: DeferralRecord,
  decision: Decision,
  allowance: Allowance,
  { narrowing, now }: { narrowing: Narrowing; now: Date },
): Decision {
  assertAllowance({ ...record, ...grantedOf(decision) }, allowance, narrowing)
  const { until } = decision
  const end = allowance.expiresIn === undefined ? undefined : seconds(allowance.expiresIn, now)
  const isSooner = end !== undefined && (until === undefined || end < until)
  return { ...decision, ...grantedOf(allowance), ...(isSooner && { until: end }) }
}

function grantedOf({ scope, resource, authorizationDetails }: Pick<Granted, keyof Allowance & keyof Granted>): Granted {
  return {
    ...(scope && { scope }),
    ...(resource && { resource }),
    ...(authorizationDetails && { authorizationDetails }),
  }
}
