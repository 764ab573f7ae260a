import { expect } from 'vitest'
import type { Answer, DpopKey } from './relying_party.js'

/** The host's feature where every proof needs a nonce. */
export const nonceRequired = { enabled: true, nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true }

/** A proof by this key with a nonce. */
export const withNonce = (key: DpopKey, nonce: string): { dpop: DpopKey } => ({
  dpop: { ...key, proof: (url) => key.proof(url, { nonce }) },
})

/** The nonce a challenge carries. */
export function challenged({ status, headers, body }: Answer): string {
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'use_dpop_nonce' })
  expect(headers.get('cache-control')).toBe('no-store')
  return headers.get('dpop-nonce') as string
}
