/*
 * The part of the state machine for direct deferrals.
 */
import { newNotification } from './notification_members.js'
import type { Claim } from './store.js'
import { changeOf, isUnclaimed, isUnexpired, seconds, type Transition } from './transition.js'
import { reachOutMember } from './transitions.js'

/**
 * The first poll of a direct deferral, which has proved its PKCE verifier, once. The deferral expires `lifetime` seconds after its
 * creation.
 */
export const claim =
  ({ sealing, reachOutIn, ...written }: Claim): Transition =>
  (record, now) => {
    const { status, createdAt, lifetime } = record
    if (!isUnclaimed(record) || !isUnexpired(record, now) || status === 'cancelled') return undefined
    const expiresAt = seconds(lifetime, createdAt)
    const notification = newNotification(sealing, status !== 'pending', expiresAt, now)
    const facts = { direct: 'claimed', exchangedAt: now, expiresAt, ...reachOutMember(reachOutIn, now) }
    const members = { ...written, ...notification, ...facts }
    return changeOf(record, members, { at: now, event: 'claimed', ...(status !== 'pending' && { status }) }, true)
  }
