import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader, errors } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSealer, KeyNotFound } from '../../lib/notification/sealer.js'
import { forged, kidOf, owner, secrets } from './egress/forged.js'

const [one, two] = [new Uint8Array(randomBytes(32)), new Uint8Array(randomBytes(32))]
describe('what is sealed', () => {
  const sealer = createSealer([one])!

  test('I-128 is a compact JWE with direct encryption, tied to one deferral of one client of one issuer, and says nothing else', async () => {
    const sealed = await sealer.seal(owner, secrets)
    expect(decodeProtectedHeader(sealed)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: kidOf(one),
      iss: owner.issuer,
      deferral_id: owner.id,
      client_id: owner.clientId,
    })
    const [, encryptedKey, iv, ciphertext, tag] = sealed.split('.') as string[]
    expect(encryptedKey).toBe('')
    expect([iv, tag].map((part) => Buffer.from(part as string, 'base64url').length)).toEqual([12, 16])
    expect(ciphertext).not.toBe('')
    expect(await sealer.open(owner, sealed)).toEqual(secrets)
  })

  test('is never twice the same', async () => {
    const sealed = await Promise.all(Array.from({ length: 50 }, () => sealer.seal(owner, secrets)))
    expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(50)
  })

  test('has the same key id whether the key is bytes or base64url, and opens with either', async () => {
    for (const form of [one, Buffer.from(one), Buffer.from(one).toString('base64url')]) {
      const sealed = await createSealer([form])!.seal(owner, secrets)
      expect(decodeProtectedHeader(sealed).kid).toBe(kidOf(one))
      expect(await sealer.open(owner, sealed)).toEqual(secrets)
    }
  })

  test('I-128 opens for no other deferral, client or issuer', async () => {
    const sealed = await sealer.seal(owner, secrets)
    for (const other of [{ id: 'another' }, { clientId: 'another' }, { issuer: 'https://another.example' }, { id: '' }])
      await expect(sealer.open({ ...owner, ...other }, sealed)).rejects.toThrow(errors.JWEInvalid)
  })

  test('is sealed with the first key and opens with all', async () => {
    const old = await sealer.seal(owner, secrets)
    const rotated = createSealer([two, one])!
    expect(await rotated.open(owner, old)).toEqual(secrets)
    expect(decodeProtectedHeader(await rotated.seal(owner, secrets)).kid).toBe(kidOf(two))
    await expect(createSealer([two])!.open(owner, old)).rejects.toThrow(KeyNotFound)
  })

  test('does not open with a bit changed anywhere', async () => {
    const sealed = await sealer.seal(owner, secrets)
    const parts = sealed.split('.')
    for (const [nth, part] of parts.entries()) {
      for (const at of [0, Math.floor(part.length / 2)].filter((at) => at < part.length)) {
        const changed = part.slice(0, at) + (part[at] === 'A' ? 'B' : 'A') + part.slice(at + 1)
        await expect(sealer.open(owner, parts.with(nth, changed).join('.'))).rejects.toThrow()
      }
    }
    for (const text of ['', '.', '....', 'x', parts.slice(0, 4).join('.'), `${sealed}.x`, `${sealed}A`])
      await expect(sealer.open(owner, text)).rejects.toThrow()
  })

  test.each<[string, object, Uint8Array]>([
    ['other content encryption', { enc: 'A128CBC-HS256' }, one],
    ['another algorithm', { alg: 'A256KW' }, one],
    ['a key wrapped with AES-GCM', { alg: 'A256GCMKW' }, one],
    ['a password', { alg: 'PBES2-HS256+A128KW' }, one],
    ['no key id', { kid: undefined }, one],
    ['the id of another key', { kid: kidOf(one) }, two],
    ['no deferral', { deferral_id: undefined }, one],
    ['no client', { client_id: undefined }, one],
    ['no issuer', { iss: undefined }, one],
  ])('I-128 does not open with %s', async (_what, header, key) => {
    const sealed = await forged(key, header)
    await expect(sealer.open(owner, sealed)).rejects.toThrow()
  })

  test('there is no sealer without a key', () => {
    expect(createSealer([])).toBeUndefined()
  })
})
