import { randomUUID } from 'node:crypto'
import type { Collection } from '../storage/collection.js'
import type { Evidence } from '../storage/entries.js'

export const kinds: Readonly<Record<string, string>> = {
  passport: 'Passport',
  identity_card: 'Identity card',
  driving_licence: 'Driving licence',
}

const largest = 4 * 1024 * 1024

const signatures: [type: string, offset: number, bytes: number[]][] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
]

/** The type that the first bytes show. A file's name and declared type prove nothing. */
function typeOf(bytes: Uint8Array): string | undefined {
  return signatures.find(([, offset, expected]) => expected.every((byte, at) => bytes[offset + at] === byte))?.[0]
}

/** Stores a picture uploaded in an interaction. Returns the problem when it is not acceptable. */
export async function storeEvidence(
  evidence: Collection<Evidence>,
  uid: string,
  kind: string,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const type = typeOf(bytes)
  if (!Object.hasOwn(kinds, kind)) return 'Please choose the kind of document.'
  if (bytes.length === 0) return 'Please choose a picture.'
  if (bytes.length > largest) return 'That picture is larger than 4 MB.'
  if (!type) return 'That file is not a PNG, JPEG or WebP picture.'
  await evidence.insert({ _id: randomUUID(), createdAt: new Date(), uid, kind, type, bytes })
  return undefined
}

/** The last picture uploaded in an interaction. */
export async function latestEvidence(evidence: Collection<Evidence>, uid: string): Promise<Evidence | undefined> {
  return (await evidence.find({ uid })).at(-1)
}
