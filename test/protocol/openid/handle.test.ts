import { expect, test } from 'vitest'
import { newHandle, newId } from '../../../lib/deferral/handle.js'

test.each(['deferred_code', 'deferred_auth_id'] as const)(
  'O-030 O-031 O-032 O-047 C16 100,000 samples of %s: alphabet, entropy of 160 bits and more, no repeat',
  (kind) => {
    const handles = Array.from({ length: 100_000 }, () => newHandle(kind, newId()).handle)
    expect(handles.filter((handle) => !/^[A-Za-z0-9_-]{65}$/.test(handle))).toEqual([])
    expect(new Set(handles.map((handle) => handle.slice(0, 22))).size).toBe(100_000)
    const secrets = handles.map((handle) => handle.slice(22))
    expect(new Set(secrets).size).toBe(100_000)
    const least = Math.min(...secrets.slice(0, 1000).map(estimatedBits))
    // an estimate from one value of 43 characters falls short of the 256 bits it was made of
    expect(least).toBeGreaterThan(160)
  },
)

// Shannon entropy of the characters, times their number, as the conformance suite estimates it
function estimatedBits(value: string): number {
  const shares = [...new Set(value)].map((character) => (value.split(character).length - 1) / value.length)
  return -shares.reduce((sum, share) => sum + share * Math.log2(share), 0) * value.length
}
