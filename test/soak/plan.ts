import { type Behaviour, names, refusals } from '../chaos/endpoints.js'
import { oneOf } from '../chaos/random.js'
import type { Ending, SoakPlan } from './history.js'

/** What `defer` says of the scopes that plans ask for. Seconds. */
export const scopes = { payments: { quorum: 2 }, email: { expiresIn: 40 } }

const endings: readonly Ending[] = [
  ...Array.from({ length: 13 }, () => 'approve' as const),
  ...(['deny', 'deny', 'deny', 'cancel', 'cancel', 'revoke', 'expire'] as const),
]
const remarks = ['comment', 'progress', 'assign', 'interaction'] as const

/** Draws one plan. */
export function drawPlan(random: () => number): SoakPlan {
  const chance = (share: number) => random() < share
  const profile = chance(0.4) ? 'openid' : 'oauth'
  const behaviour: Behaviour = chance(0.5) ? 'ok' : oneOf(names, random)
  const ending = oneOf(endings, random)
  const isDecided = ending === 'approve' || ending === 'deny'
  const quorum = ending === 'approve' && chance(0.3) ? 2 : 1
  const isEarly = profile === 'openid' && isDecided && chance(0.2)
  return {
    behaviour,
    profile,
    ending,
    decision: ending === 'revoke' || ending === 'expire' ? 'cancel' : ending,
    isEarly,
    isStubborn: false,
    hesitation: isEarly ? 0 : 1000 + 12_000 * random(),
    quorum,
    isContested: ending === 'approve' && quorum === 1 && chance(0.15),
    isNotified: isDecided && refusals[behaviour] === undefined && chance(0.5),
    isDouble: chance(0.2),
    wait: chance(0.5) ? 10 : 0,
    remarks: remarks.filter((remark) => (remark !== 'interaction' || profile === 'oauth') && chance(0.4)),
    ...(quorum > 1 && { scope: 'payments' }),
    ...(ending === 'expire' && { scope: 'email' }),
    ...(chance(0.5) && { token: Buffer.from(`${random()}`).toString('base64url') }),
  }
}
