import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { type HandleKind, matches, newHandle, newId, parseHandle } from '../../lib/deferral/handle.js'

const kinds: HandleKind[] = ['deferred_code', 'deferred_auth_id']

describe.each(kinds)('O-030 O-031 O-032 O-047 C16 %s', (kind) => {
  test('100,000 of them: allowed characters only, 256 random bits, no repeat', () => {
    const id = newId()
    const secrets = new Set<string>()
    const bits = new Array<number>(256).fill(0)
    for (let n = 0; n < 100_000; n++) {
      const { handle } = newHandle(kind, id)
      if (!/^[A-Za-z0-9_-]{65}$/.test(handle)) throw new Error(`unexpected characters in ${handle}`)
      secrets.add(handle.slice(22))
      if (n % 100 === 0) count(bits, Buffer.from(handle.slice(22), 'base64url'))
    }
    expect(secrets.size).toBe(100_000)
    // 1,000 samples of each bit: more than six standard deviations off the middle would be no chance
    expect(bits.every((ones) => Math.abs(ones - 500) < 100)).toBe(true)
  })

  test('what is stored is a labelled hash, and not the secret', () => {
    const { handle, hash } = newHandle(kind, newId())
    const secret = parseHandle(handle).secret
    expect(hash).toBe(createHash('sha256').update(`${kind}\0${secret}`).digest('base64url'))
    expect(hash).not.toContain(secret)
  })

  test('is nothing at the other door, and no other secret opens its own', () => {
    const { handle, hash } = newHandle(kind, newId())
    const { secret } = parseHandle(handle)
    const other = kinds.find((one) => one !== kind) as HandleKind
    expect(matches(kind, secret, hash)).toBe(true)
    expect(matches(other, secret, hash)).toBe(false)
    expect(matches(kind, parseHandle(newHandle(kind, newId()).handle).secret, hash)).toBe(false)
    expect(matches(kind, secret, undefined)).toBe(false)
    expect(matches(kind, '', undefined)).toBe(false)
  })
})

describe('E-19 what is no handle', () => {
  const wrong = [
    '',
    'x',
    'x'.repeat(64),
    'x'.repeat(66),
    `${'x'.repeat(64)}\n`,
    `${'x'.repeat(64)}ü`,
    `${'x'.repeat(64)}=`,
  ]

  test.each(wrong)('%j is looked up like any unknown one, at a place of the right length', (handle) => {
    const { id, secret } = parseHandle(handle)
    expect(id).toMatch(/^[\w-]{22}$/)
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(handle).not.toContain(id + secret)
  })
})

test('an internal id is 16 random bytes in 22 characters', () => {
  const ids = new Set(Array.from({ length: 10_000 }, newId))
  expect(ids.size).toBe(10_000)
  for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(16)
})

function count(bits: number[], bytes: Buffer): void {
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) bits[at * 8 + bit]! += (byte >> bit) & 1
  }
}
