import type { DeferralStore, Stored } from 'oidc-provider-deferred'
import { newId } from '../../lib/deferral/handle.js'
import { begin, transit } from '../../lib/deferral/transit.js'
import { created } from '../../lib/deferral/transitions.js'
import { type EventName, events } from '../deferral/states.js'
import { issuer } from '../support/records.js'
import { at, newDeferral, start } from './new_deferral.js'

/** What becomes of a write whose reply is lost, and how often others write before the caller hears of the loss. */
export const ways = {
  'was not made': { isMade: false, others: 0 },
  'was made': { isMade: true, others: 0 },
  'was made, and somebody has written since': { isMade: true, others: 1 },
  'was not made, and somebody has written since': { isMade: false, others: 1 },
  'was made, and the history has moved on by several writes': { isMade: true, others: 5 },
} as const

/** One of them. */
export type Way = (typeof ways)[keyof typeof ways]

/** Every event, and what leads to it. */
export const paths = {
  exchange: [],
  progress: ['exchange'],
  requireInteraction: ['exchange'],
  resume: ['exchange', 'requireInteraction'],
  assign: ['exchange'],
  unassign: ['exchange', 'assign'],
  comment: ['exchange', 'deny'],
  approve: ['exchange'],
  deny: ['exchange'],
  cancel: ['exchange', 'approve'],
  cancelByTwo: ['exchange', 'assign'],
  cancelByClient: ['exchange', 'approve'],
  extend: ['exchange'],
  redeem: ['exchange', 'approve'],
  expire: ['exchange', 'approve'],
  forgetAnswer: ['exchange', 'approve', 'redeem'],
  suppress: ['exchange', 'approve'],
  arm: ['exchange', 'approve'],
  lease: ['exchange', 'approve'],
  settleFailed: ['exchange', 'approve', 'lease'],
  replay: ['exchange', 'approve', 'lease', 'settleFailed'],
} satisfies Partial<Record<EventName, EventName[]>>

/** A record that begins, as the plugin makes it. */
export const newRecord = () => created(newDeferral(), { issuer, retention: 86_400 }, start)

/** Its first history entry. */
export const firstEntry = { at: start, event: 'created' }

/** A deferral after these events. */
export async function madeIn(store: DeferralStore, path: readonly EventName[]): Promise<string> {
  const record = newRecord()
  await begin(store, record, firstEntry, start)
  for (const name of path) {
    const [seconds, transition] = events[name]
    if (!(await transit(store, record.id, transition, { now: at(seconds) }))) throw new Error(`${name} of ${path}`)
  }
  return record.id
}

/** A store that loses the reply of the first write that is made through it, in this way. */
export function losing(store: DeferralStore, { isMade, others }: Way) {
  const seen = { writes: 0, reads: [] as boolean[] }
  async function lose(write: () => Promise<unknown>, writeOther: (nth: number) => Promise<unknown>): Promise<never> {
    if (isMade) await write()
    for (let nth = 0; nth < others; nth++) await writeOther(nth)
    throw new Error('planted: the reply is lost')
  }
  const lossy: DeferralStore = {
    ...store,
    insert(record, ...rest) {
      const write = () => store.insert(record, ...rest)
      if (seen.writes++ > 0) return write()
      return lose(write, () =>
        isMade ? writeSomething(store, record.id) : store.insert(record, newId(), firstEntry, start),
      )
    },
    swap(before, ...rest) {
      const write = () => store.swap(before, ...rest)
      return seen.writes++ > 0 ? write() : lose(write, () => writeSomething(store, before.id))
    },
    find(id, now, inDoubt = false) {
      if (seen.writes > 0) seen.reads.push(inDoubt)
      return store.find(id, now, inDoubt)
    },
  }
  return { lossy, seen }
}

/** What is wrong with how a rule for lost replies resolves this event; empty when nothing is. */
export async function faultsOf(rule: typeof transit, store: DeferralStore, name: keyof typeof paths, way: Way) {
  const [seconds, transition] = events[name]
  const now = at(seconds)
  const id = await madeIn(store, paths[name])
  const [known, earlier] = [await store.find(id, now), await store.history(id)]
  const { lossy, seen } = losing(store, way)
  const written = await rule(lossy, id, transition, { snapshot: known, now })
  const added = (await store.history(id)).slice(earlier.length).filter(({ event }) => event !== 'noted')
  const found = (await store.find(id, now)) as Stored
  const faults: string[] = []
  const check = (isRight: boolean, fault: string) => isRight || faults.push(fault)
  check(seen.reads.every(Boolean) && seen.reads.length > 0, 'no read in doubt')
  if (name === 'forgetAnswer' || name === 'arm') {
    // they may be repeated: what counts is what is there in the end
    check(added.length === 0, 'an entry')
    check(name === 'arm' ? found.notification?.notBefore.getTime() === at(7).getTime() : !found.answer, 'not done')
    return faults
  }
  check(added.length === 1, `${added.length} entries`)
  check(written !== undefined, 'taken for refused')
  check(written?.entry?.event === added[0]?.event, 'another entry')
  check(written?.record.writeId === added[0]?.writeId, 'resolves to the record of another write')
  return faults
}

// what is in the way of no event
async function writeSomething(store: DeferralStore, id: string): Promise<void> {
  const before = (await store.find(id, start)) as Stored
  const change = { after: { ...before, noted: newId() }, entry: { at: start, event: 'noted' } }
  if (!(await store.swap(before, change, newId(), start))) throw new Error('nobody else writes')
}
