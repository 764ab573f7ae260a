import { expect, test } from '@jest/globals'
import { newHandle, newId } from '../../lib/deferral/handle.js'

test.each(['deferred_code', 'deferred_auth_id'] as const)(
  'O-030 O-031 O-032 C16 100,000 samples of %s: alphabet, entropy of 160 bits and more, no repeat',
  (kind) => {
    const secrets = new Set<string>()
    const counts = new Map<string, number>()
    for (let i = 0; i < 100_000; i++) {
      const { handle, hash } = newHandle(kind, newId())
      if (!/^[A-Za-z0-9_-]{65}$/.test(handle) || hash.includes(handle)) throw new Error(`malformed: ${handle}`)
      secrets.add(handle.slice(22))
      for (const character of handle.slice(22)) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    expect(secrets.size).toBe(100_000)
    const total = 100_000 * 43
    const bits = [...counts.values()].reduce((sum, count) => sum - (count / total) * Math.log2(count / total), 0)
    expect(bits * 43).toBeGreaterThan(160)
  },
)
