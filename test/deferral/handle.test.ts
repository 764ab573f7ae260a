import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  containsHandle,
  type HandleKind,
  idFrom,
  isHandle,
  matches,
  newHandle,
  newId,
  parseHandle,
} from '../../lib/deferral/handle.js'

const shown: [ids: string, kind: HandleKind][] = [
  ['O-030 O-031 O-032 O-047 C16', 'deferred_code'],
  ['O-030 O-031 O-032 O-047 C16', 'deferred_auth_id'],
  ['I-039 I-040 I-041', 'deferral_code'],
]

describe.each(shown)('%s %s', (_ids, kind) => {
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
    const others = shown.map(([, one]) => one).filter((one) => one !== kind)
    expect(matches(kind, secret, hash)).toBe(true)
    for (const other of others) expect(matches(other, secret, hash)).toBe(false)
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

describe('the id that comes from an authorization code', () => {
  const codes = Array.from({ length: 10_000 }, () => newId() + newId())

  test('is always the same, and no other code has it', () => {
    const ids = codes.map(idFrom)
    expect(new Set(ids).size).toBe(codes.length)
    expect(codes.map(idFrom)).toEqual(ids)
  })

  test('looks like any id, and gives nothing of the code away', () => {
    for (const code of codes.slice(0, 100)) {
      expect(idFrom(code)).toMatch(/^[\w-]{22}$/)
      expect(code).not.toContain(idFrom(code))
      expect(isHandle(idFrom(code) + 'x'.repeat(43))).toBe(true)
    }
  })

  test.each(['', '\0', 'undefined', 'x'.repeat(100_000), 'é\ud800'])('is an id whatever the code (case %#)', (code) => {
    expect(idFrom(code)).toMatch(/^[\w-]{22}$/)
  })

  test('is not the id of a code that merely ends alike', () => {
    expect(idFrom('a\0b')).not.toBe(idFrom('b'))
    expect(idFrom('ab')).not.toBe(idFrom('a'))
  })
})

describe('a text that gives the handle of a deferral away', () => {
  const id = newId()
  const { handle, hash } = newHandle('deferral_code', id)
  const deferral = { id, handleHash: hash }
  const everyCharacter = [...handle].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('')
  const giving = [
    handle,
    `https://op.example/confirm/${handle}`,
    `https://op.example/confirm?code=${handle}&x=1`,
    `https://op.example/${id}/confirm?code=${handle}`,
    `https://op.example/confirm/${id}${handle}`,
    `https://op.example/confirm/${handle}${id}`,
    `https://op.example/?c=${everyCharacter}`,
    `https://op.example/?c=${everyCharacter.toUpperCase()}`,
    `https://op.example/?c=%${handle.charCodeAt(0).toString(16)}${handle.slice(1)}`,
    `https://op.example/?100%&c=${handle}`,
  ]

  test.each(giving)('does (case %#)', (text) => {
    expect(containsHandle(text, 'deferral_code', deferral)).toBe(true)
  })

  const harmless: [string, { id: string; handleHash?: string }][] = [
    [`https://op.example/confirm/${id}`, deferral],
    ['https://op.example/confirm', deferral],
    ['', deferral],
    [`https://op.example/${newHandle('deferral_code', newId()).handle}`, deferral],
    [`https://op.example/${newHandle('deferral_code', id).handle}`, deferral],
    [handle, { id }],
    [handle.slice(0, -1), deferral],
    ['%', deferral],
    ['%zz%', deferral],
  ]

  test.each(harmless)('does not (case %#)', (text, about) => {
    expect(containsHandle(text, 'deferral_code', about)).toBe(false)
  })

  test('a handle of another kind is not this one', () => {
    expect(containsHandle(handle, 'deferred_auth_id', deferral)).toBe(false)
  })
})

function count(bits: number[], bytes: Buffer): void {
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 0; bit < 8; bit++) bits[at * 8 + bit]! += (byte >> bit) & 1
  }
}
