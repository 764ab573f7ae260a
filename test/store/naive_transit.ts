import { newId } from '../../lib/deferral/handle.js'
import type { transit, Written } from '../../lib/deferral/transit.js'

/** Planted: `transit` that after a lost reply looks at the last write only. */
export const lastWriteOnly: typeof transit = async (store, id, transition, { snapshot, now } = {}) => {
  let lost: Written | undefined
  for (let before = snapshot ?? (await store.find(id, now)); before; before = await store.find(id, now, true)) {
    if (lost && before.writeId === lost.record.writeId) return { record: before, entry: lost.entry }
    const change = transition(before, now ?? before.readAt)
    if (!change) return undefined
    const writeId = newId()
    try {
      const record = await store.swap(before, change, writeId, now)
      if (record) return { record, entry: change.entry }
    } catch (error) {
      if (lost) throw error
      lost = { record: { ...before, writeId }, entry: change.entry }
    }
  }
  return undefined
}
