import type { DeferralRecord } from '../deferral/deferral.js'
import type { DeferralQuery, DeferralStore } from '../deferral/store.js'
import * as notice from './memory_notification.js'

const graceSeconds = 86_400

type Guard = (deferral: DeferralRecord, now: Date) => boolean

const unexpired: Guard = ({ expiresAt }, now) => expiresAt > now
const pending: Guard = (deferral, now) => deferral.status === 'pending' && unexpired(deferral, now)
const unfinished: Guard = ({ status }) => status === 'pending' || status === 'approved'
const seconds = (count: number, from: Date) => new Date(from.getTime() + count * 1000)

/** The reference store: one process, nothing survives it. For development and tests. */
export function memoryStore(): DeferralStore {
  const deferrals = new Map<string, DeferralRecord>()
  let purgedAt = new Date(0)

  // a day after expiry, as the production store does; looked for once a minute
  function purge(now: Date): void {
    if (now < seconds(60, purgedAt)) return
    purgedAt = now
    for (const [id, { expiresAt }] of deferrals) if (seconds(graceSeconds, expiresAt) <= now) deferrals.delete(id)
  }

  // no await between guard and write: on one thread that is the atomic transition the contract asks for
  function transition(
    id: string,
    now: Date,
    guard: Guard,
    change: (deferral: DeferralRecord) => Partial<DeferralRecord>,
  ): DeferralRecord | undefined {
    const deferral = deferrals.get(id)
    if (!deferral || !guard(deferral, now)) return undefined
    const changed = structuredClone({ ...deferral, ...change(deferral), readAt: now }) as DeferralRecord
    deferrals.set(id, changed)
    return structuredClone(changed)
  }

  return {
    async create({ expiresIn, sealing, ...request }, now = new Date()) {
      purge(now)
      if (deferrals.has(request.id)) throw new Error('a deferral with this id exists')
      const expiresAt = seconds(expiresIn, now)
      const exchanged = request.handleHash !== undefined && { exchangedAt: now }
      const created = {
        ...request,
        ...exchanged,
        ...notice.begin(sealing, false, expiresAt, now),
        status: 'pending' as const,
        createdAt: now,
        expiresAt,
        fence: 0,
        readAt: now,
      }
      deferrals.set(request.id, structuredClone(created))
      return structuredClone(created)
    },

    async find(id, now = new Date()) {
      const deferral = deferrals.get(id)
      return deferral && structuredClone({ ...deferral, readAt: now })
    },

    async list(query, now = new Date()) {
      return [...deferrals.values()]
        .filter((deferral) => selected(deferral, query, now))
        .sort(newestFirst)
        .slice(0, query.limit)
        .map((deferral) => structuredClone({ ...deferral, readAt: now }))
    },

    async exchange(id, { sealing, ...exchange }, now = new Date()) {
      const usable: Guard = (deferral) =>
        !deferral.exchangedAt && unexpired(deferral, now) && (unfinished(deferral, now) || deferral.status === 'denied')
      return transition(id, now, usable, ({ lifetime, status }) => {
        const expiresAt = seconds(lifetime, now)
        const told = notice.begin(sealing, status !== 'pending', expiresAt, now)
        return { ...exchange, ...told, exchangedAt: now, expiresAt }
      })
    },

    async progress(id, progress, now = new Date()) {
      return transition(id, now, pending, () => ({ progress }))
    },

    async requireInteraction(id, interaction, now = new Date()) {
      return transition(id, now, pending, () => ({ interaction }))
    },

    async resume(id, now = new Date()) {
      const interrupted: Guard = (deferral) => pending(deferral, now) && deferral.interaction !== undefined
      return transition(id, now, interrupted, () => ({ interaction: undefined as never }))
    },

    async decide(id, status, decision, now = new Date()) {
      return transition(id, now, pending, (deferral) => ({
        status,
        decision,
        decidedAt: now,
        ...notice.owe(deferral, now),
      }))
    },

    async cancel(id, { by, isByClient } = {}, now = new Date()) {
      return transition(id, now, unfinished, (deferral) => ({
        status: 'cancelled',
        cancelledAt: now,
        ...(isByClient ? notice.suppress(deferral) : notice.owe(deferral, now)),
        ...(by !== undefined && { cancelledBy: by }),
      }))
    },

    async extend(id, expiresIn, now = new Date()) {
      const waiting: Guard = (deferral) =>
        Boolean(deferral.exchangedAt) && unfinished(deferral, now) && unexpired(deferral, now)
      const expiresAt = seconds(expiresIn, now)
      return transition(id, now, waiting, (deferral) => ({ expiresAt, ...notice.prolong(deferral, expiresAt) }))
    },

    async claim(id, claimId, lease, now = new Date()) {
      const claimable: Guard = (deferral) =>
        deferral.status === 'approved' &&
        Boolean(deferral.exchangedAt) &&
        unexpired(deferral, now) &&
        !(deferral.claim && deferral.claim.until > now)
      return transition(id, now, claimable, ({ fence }) => ({
        fence: fence + 1,
        claim: { id: claimId, fence: fence + 1, until: seconds(lease, now) },
      }))
    },

    async finalise(id, claim, now = new Date()) {
      // 'redeemed' by this very claim: an earlier attempt succeeded and only its reply was lost
      const held: Guard = (deferral) =>
        (deferral.status === 'approved' || deferral.status === 'redeemed') &&
        deferral.claim?.id === claim.id &&
        deferral.fence === claim.fence
      return transition(id, now, held, (deferral) => ({
        ...notice.suppress(deferral),
        status: 'redeemed',
        redeemedAt: deferral.status === 'redeemed' ? deferral.redeemedAt : now,
      }))
    },

    async release(id, claimId, now = new Date()) {
      const held: Guard = (deferral) => deferral.status === 'approved' && deferral.claim?.id === claimId
      return transition(id, now, held, (deferral) => ({ claim: { ...deferral.claim!, until: now } }))
    },

    async suppress(id, now = new Date()) {
      return transition(id, now, ({ notification }) => notification?.sealed !== undefined, notice.suppress)
    },

    async arm(id, delay, now = new Date()) {
      return transition(id, now, notice.isArmable, (deferral) => notice.armed(deferral, delay, now))
    },

    async dueNotifications({ after, limit }, now = new Date()) {
      return [...deferrals.values()]
        .filter((deferral) => notice.isDue(deferral, now) && (!after || notice.longestDue(deferral, after) > 0))
        .sort(notice.longestDue)
        .slice(0, limit)
        .map((deferral) => structuredClone(notice.glimpse(deferral, now)))
    },

    async claimNotification(id, lease, now = new Date()) {
      return transition(id, now, notice.isDue, (deferral) => notice.leased(deferral, lease, now))
    },

    async settleNotification(id, fence, settlement, now = new Date()) {
      const open: Guard = (deferral) => notice.isSettleable(deferral, fence, settlement)
      return transition(id, now, open, (deferral) => notice.settled(deferral, settlement, now))
    },

    async replayNotification(id, now = new Date()) {
      const kept: Guard = (deferral) => notice.isReplayable(deferral, now)
      return transition(id, now, kept, (deferral) => notice.replayed(deferral, now))
    },
  }
}

function selected(deferral: DeferralRecord, query: DeferralQuery, now: Date): boolean {
  const { status, clientId, accountId, notification, after } = query
  const expired = deferral.status !== 'redeemed' && deferral.expiresAt <= now
  if (status === 'expired' ? !expired : status !== undefined && deferral.status !== status) return false
  if ((status === 'pending' || status === 'approved') && expired) return false
  if (clientId !== undefined && deferral.clientId !== clientId) return false
  if (accountId !== undefined && deferral.accountId !== accountId) return false
  if (notification !== undefined && !deferral.notification) return false
  if (notification !== undefined && notification !== 'any' && deferral.notification?.status !== notification)
    return false
  return after === undefined || newestFirst(deferral, after) > 0
}

function newestFirst(a: { createdAt: Date; id: string }, b: { createdAt: Date; id: string }): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}
