/*
 * What a provider process that is to die works with: our store, and a death after the write that gives a client its handle, or
 * before the one that says that it has it.
 */
import type { Db } from 'mongodb'
import type { DeferralStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

/** Dies when the handle is kept, and the client has no answer. */
export function beforeItAnswers(db: Db): DeferralStore {
  const store = mongoStore(db)
  return {
    ...store,
    exchange: (id, exchange) => store.exchange(id, exchange).then(die),
    create: (deferral) => store.create(deferral).then(die),
  }
}

/** Dies when the client has its answer, and nobody else knows. */
export const beforeItArms = (db: Db): DeferralStore => ({ ...mongoStore(db), arm: die })

/** Dies when the client was told, and nobody else knows. */
export const beforeItSettles = (db: Db): DeferralStore => ({ ...mongoStore(db), settleNotification: die })

/** Dies never, but fails every seventh time that something is to be sent, saying all it was told. */
export function stammering(db: Db): DeferralStore {
  const store = mongoStore(db)
  let calls = 0
  return {
    ...store,
    async claimNotification(id, lease) {
      calls += 1
      if (calls % 7 === 0) throw new Error(`planted fault: ${JSON.stringify(await store.find(id))}`)
      return store.claimNotification(id, lease)
    },
  }
}
