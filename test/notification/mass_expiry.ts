import type { DeferralStore } from 'oidc-provider-deferred'
import { newDeferral } from '../store/new_deferral.js'
import { verbsOn } from '../support/records.js'

/** What a sweep writes of very many at once. */
export type Mass = 'expired' | 'overdue'

/** What is known of the ends, or the due times, that one node writes. */
export interface Endings {
  store: DeferralStore
  /** under way now, and at most */
  open: number
  most: number
  /** milliseconds in which some were under way, and in which none was */
  busy: number
  idle: number
  written: number
}

// as far away as a database
const distance = () => new Promise<void>((resolve) => setTimeout(resolve, 5))

/** The same store as one node has it, its writes of this kind counted. */
export function countedEndings(inner: DeferralStore, mass: Mass = 'expired'): Endings {
  let changedAt: number | undefined
  const note = (state: 'busy' | 'idle') => {
    const now = performance.now()
    endings[state] += now - (changedAt ?? now)
    changedAt = now
  }
  const endings: Endings = {
    store: {
      ...inner,
      async swap(...args) {
        if (args[1].entry?.event !== mass) return inner.swap(...args)
        if (endings.open === 0) note('idle')
        endings.open += 1
        endings.most = Math.max(endings.most, endings.open)
        await distance()
        const written = await inner.swap(...args)
        if (written) endings.written += 1
        endings.open -= 1
        if (endings.open === 0) note('busy')
        return written
      },
    },
    open: 0,
    most: 0,
    busy: 0,
    idle: 0,
    written: 0,
  }
  return endings
}

const times = { expired: { expiresIn: 60 }, overdue: { expiresIn: 6000, dueIn: 60 } }

/** So many deferrals of this issuer that expire, or are overdue, in a minute, without a notification. */
export async function plantMass(
  store: DeferralStore,
  issuer: string,
  count: number,
  now: Date,
  mass: Mass = 'expired',
): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const { id } = (await verbsOn(store, issuer).create(newDeferral({ clientId: 'planted', ...times[mass] }), now))!
    ids.push(id)
  }
  return ids
}

/** Planted: ends all it finds, at once. */
export async function endAtOnce(store: DeferralStore, issuer: string, now: Date): Promise<void> {
  const due = await store.due({ issuer, limit: Number.MAX_SAFE_INTEGER }, now)
  await Promise.all(due.map((known) => verbsOn(store, issuer).expire(known.id, now)))
}
