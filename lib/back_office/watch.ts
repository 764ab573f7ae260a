import type { Deferral } from '../deferral/deferral.js'
import { describe } from '../deferral/describe.js'
import type { Records } from '../deferral/records.js'

// very many changes at once: the rest is not told, it is only a hint
const mostWaiting = 1000

/** Reads the deferrals with the given ids, one after the other, and hands them on. Another issuer's are not found. */
export function describingTo(records: Records, onChange: (deferral: Deferral) => void): (id: string) => void {
  const waiting = new Set<string>()
  let isReading = false

  async function readAll(): Promise<void> {
    isReading = true
    for (const id of waiting) {
      waiting.delete(id)
      // a fault costs one hint
      const record = await records.find(id).catch(() => undefined)
      if (record) onChange(describe(record))
    }
    isReading = false
  }

  return (id) => {
    if (waiting.size < mostWaiting) waiting.add(id)
    if (!isReading) void readAll()
  }
}
