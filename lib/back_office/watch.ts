import type { Deferral } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import type { Records } from '../deferral/records.js'
import { callSafely } from '../deferral/warnings.js'

// further changes are dropped: each is only a hint
const longestQueue = 1000

/**
 * Reads the deferrals with the given ids, one after the other, and hands them on. Deferrals of other issuers are skipped. If `onChange`
 * throws or rejects, the plugin warns.
 */
export function describingTo(records: Records, onChange: (deferral: Deferral) => unknown): (id: string) => void {
  const queued = new Set<string>()
  let isReading = false

  async function readAll(): Promise<void> {
    isReading = true
    for (const id of queued) {
      queued.delete(id)
      // a fault costs one hint
      const record = await records.find(id).catch(() => undefined)
      // not awaited: a slow listener must not keep later changes waiting
      if (record) callSafely('the listener of deferrals.watch', () => onChange(describe(record)))
    }
    isReading = false
  }

  return (id) => {
    if (queued.size < longestQueue) queued.add(id)
    if (!isReading) void readAll()
  }
}
