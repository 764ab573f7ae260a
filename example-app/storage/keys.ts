import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import type { Collection } from './collection.js'
import type { Keys } from './entries.js'

const name = 'demo with notifications'

const secret = () => randomBytes(32).toString('base64url')

async function generate(): Promise<Keys> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const signing = { ...(await exportJWK(privateKey)), kid: secret().slice(0, 8), alg: 'RS256', use: 'sig' }
  const partner = await generateKeyPair('ES256', { extractable: true })
  return {
    _id: name,
    createdAt: new Date(),
    signing,
    partner: await exportJWK(partner.privateKey),
    cookies: secret(),
    clientSecret: secret(),
    notifications: secret(),
  }
}

/** The demo's keys. The first process generates them, all others read them. */
export async function demoKeys(keys: Collection<Keys>): Promise<Keys> {
  const stored = await keys.get(name)
  if (stored) return stored
  await keys.insert(await generate())
  return (await keys.get(name))!
}
