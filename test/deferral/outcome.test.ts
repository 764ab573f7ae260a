import { describe, expect, test } from 'vitest'
import type { DeferralRecord } from '../../lib/deferral/deferral_record.js'
import { pollOutcome } from '../../lib/deferral/outcome.js'

const now = new Date('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)

const facts = {
  retention: 86_400,
  id: 'A'.repeat(22),
  profile: 'openid' as const,
  clientId: 'client',
  scope: ['openid'],
  resource: [],
  interval: 5,
  lifetime: 60,
  source: {},
  createdAt: at(-60),
  readAt: now,
  issuer: 'https://op.example',
}
const interaction = { interaction: { uri: 'https://op.example/confirm' } }
const ending = (until: Date) => ({ decision: { until }, decidedAt: at(-10) })
const decided = { decision: {}, decidedAt: at(-10) }
const kept = (until: Date) => ({ answer: { sealed: 'sealed', until } })

const states = {
  pending: { status: 'pending' },
  'pending, waiting for an interaction': { status: 'pending', ...interaction },
  approved: { status: 'approved', ...decided },
  'approved instead of an interaction': { status: 'approved', ...decided, ...interaction },
  'approved for a while': { status: 'approved', ...ending(at(0.001)) },
  'approved until this very instant': { status: 'approved', ...ending(now) },
  'approved for a while that is over': { status: 'approved', ...ending(at(-1)) },
  denied: { status: 'denied', ...decided },
  'denied instead of an interaction': { status: 'denied', ...decided, ...interaction },
  cancelled: { status: 'cancelled', cancelledAt: at(-10) },
  'cancelled instead of an interaction': { status: 'cancelled', cancelledAt: at(-10), ...interaction },
  'cancelled after approval': { status: 'cancelled', cancelledAt: at(-5), ...decided },
  redeemed: { status: 'redeemed', redeemedAt: at(-5), ...decided },
  'redeemed, the approval over by now': { status: 'redeemed', redeemedAt: at(-5), ...ending(at(-1)) },
  'redeemed, its answer kept': { status: 'redeemed', redeemedAt: at(-5), ...decided, ...kept(at(0.001)) },
  'redeemed, its answer kept until this very instant': {
    status: 'redeemed',
    redeemedAt: at(-5),
    ...decided,
    ...kept(now),
  },
} as const

const ladder: [keyof typeof states, before: string, after: string][] = [
  ['pending', 'authorization_pending', 'expired_token'],
  ['pending, waiting for an interaction', 'interaction_required', 'expired_token'],
  ['approved', 'redeem', 'expired_token'],
  ['approved instead of an interaction', 'redeem', 'expired_token'],
  ['approved for a while', 'redeem', 'expired_token'],
  ['approved until this very instant', 'access_denied', 'expired_token'],
  ['approved for a while that is over', 'access_denied', 'expired_token'],
  ['denied', 'access_denied', 'expired_token'],
  ['denied instead of an interaction', 'access_denied', 'expired_token'],
  ['cancelled', 'access_denied', 'expired_token'],
  ['cancelled instead of an interaction', 'access_denied', 'expired_token'],
  ['cancelled after approval', 'access_denied', 'expired_token'],
  ['redeemed', 'invalid_grant', 'invalid_grant'],
  ['redeemed, the approval over by now', 'invalid_grant', 'invalid_grant'],
  ['redeemed, its answer kept', 'repeat', 'repeat'],
  ['redeemed, its answer kept until this very instant', 'invalid_grant', 'invalid_grant'],
]

/** The requirement that an outcome is about. */
const shows: Record<string, string> = { redeem: 'I-060 ', access_denied: 'I-061 ', invalid_grant: 'I-062 ' }

describe.each(ladder)('O-059 O-061 a poll of a deferral that is %s', (state, before, after) => {
  const record = (expiresAt: Date) => ({ ...facts, ...states[state], expiresAt }) as DeferralRecord

  test(`${shows[before] ?? ''}is answered ${before} one millisecond before expiry`, () => {
    expect(pollOutcome(record(at(0.001)), now)).toBe(before)
  })

  test.each([
    ['at the very instant of expiry', 0],
    ['a day after expiry', -86_400],
  ])(`O-058 C41 ${state.startsWith('pending') ? 'I-059 ' : ''}is answered ${after} %s`, (_when, seconds) => {
    expect(pollOutcome(record(at(seconds)), now)).toBe(after)
  })
})
