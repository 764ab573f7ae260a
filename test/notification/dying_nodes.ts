/*
 * What a provider process that is to die works with: our store, and a death after the write that gives a client its handle, or
 * before the one that says that it has it.
 */
import type { Db } from 'mongodb'
import type { Change, DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

/** Our store, whose writes with one of these history entries, or without any, are made in another way, and each alone. */
function changing(
  db: Db,
  events: (string | undefined)[],
  by: (store: DeferralStore, ...args: Parameters<DeferralStore['swap']>) => ReturnType<DeferralStore['swap']>,
): DeferralStore {
  const { swapAll, ...store } = mongoStore(db)
  const isMeant = ({ entry }: Change) => events.includes(entry?.event)
  return { ...store, swap: (...args) => (isMeant(args[1]) ? by(store, ...args) : store.swap(...args)) }
}

/** Dies when the handle is kept, and the client has no answer. */
export function beforeItAnswers(db: Db): DeferralStore {
  const { insert } = mongoStore(db)
  const exchanging = changing(db, ['exchanged'], (store, ...args) => store.swap(...args).then(die))
  return { ...exchanging, insert: (...args) => insert(...args).then(die) }
}

/** Dies when the client has its answer, and nobody else knows. */
export const beforeItArms = (db: Db): DeferralStore => changing(db, [undefined], die)

/** Dies when the client was told, and nobody else knows. */
export const beforeItSettles = (db: Db): DeferralStore =>
  changing(db, ['notified', 'notification_postponed', 'notification_failed'], die)

/** Dies never, but fails every seventh time that something is to be sent, saying all it was told. */
export function stammering(db: Db): DeferralStore {
  let calls = 0
  // a write that failed is tried once more
  const failing = new Set<string>()
  return changing(db, ['notification_attempted'], async (store, ...args) => {
    const [{ id }] = args
    calls += 1
    if (calls % 7 === 0) failing.add(id)
    else if (!failing.delete(id)) return store.swap(...args)
    throw new Error(`planted fault: ${JSON.stringify(await store.find(id))}`)
  })
}
