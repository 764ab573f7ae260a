import type { Events } from '../deferral/events.js'
import { type Records, type RecordsOptions, recordsOf } from '../deferral/records.js'
import { type DeferralStore, operationsOf } from '../deferral/store.js'
import { factsOf, publishChange, traceparentOf } from './changes.js'
import { traced } from './channels.js'

// neither ids, which may come from outside, nor records are published
const storeFacts = (result: unknown) => (result === undefined ? { outcome: 'none' } : {})

/** The records of an issuer. Creations, changes, and the operations of the store are published. */
export function publishedRecords(
  store: DeferralStore,
  events: Events,
  options: Pick<RecordsOptions, 'issuer' | 'retention' | 'clock'>,
): Records {
  const { issuer } = options
  events.subscribe(publishChange)
  const records = recordsOf(tracedStore(store, issuer), { ...options, onWritten: events.publish, traceparentOf })
  return {
    ...records,
    create: (deferral) =>
      traced('create', { issuer, ...factsOf(deferral) }, () => records.create(deferral), storeFacts),
  }
}

/** The same store; its operations are published. A lost race of a `swap` has the outcome `none`. */
function tracedStore(store: DeferralStore, issuer: string): DeferralStore {
  const traceable = operationsOf(store).map((operation) => {
    const run = (...args: unknown[]) =>
      traced(
        'store',
        { issuer, operation },
        async () => Reflect.apply(store[operation] as () => unknown, store, args),
        storeFacts,
      )
    return [operation, run] as const
  })
  return { ...store, ...Object.fromEntries(traceable) }
}
