import type { AdapterPayload } from 'oidc-provider'

/**
 * One document per artifact. The payload is stored as JSON text: its keys come from requests (`claims`,
 * `authorization_details`, client metadata), and BSON would refuse or reinterpret some (`$ref`, `_bsontype`, NUL, deep
 * nesting). The other members are for queries; `accountId` and `clientId` are for queries by operators.
 *
 * Without `payload` it is a tombstone: `destroyed` is the `iat` of the destroyed artifact.
 */
export type Artifact = {
  _id: string
  payload?: string
  /** absent: never */
  expiresAt?: Date
  consumed?: unknown
  iat?: number
  destroyed?: number
  grantId?: string
  uid?: string
  userCode?: string
  accountId?: string
  clientId?: string
}

const tombstoneSeconds = 3600

/** The document of an artifact that expires after `expiresIn` seconds; never, if they are absent. */
export function artifactOf(id: string, payload: AdapterPayload, expiresIn: number | undefined): Artifact {
  const { consumed, iat, grantId, uid, userCode, accountId, clientId } = payload
  const strings = Object.entries({ grantId, uid, userCode, accountId, clientId })
  return {
    _id: id,
    payload: JSON.stringify(payload),
    ...(typeof expiresIn === 'number' ? { expiresAt: secondsFromNow(expiresIn) } : undefined),
    ...(consumed ? { consumed } : undefined),
    ...(typeof iat === 'number' ? { iat } : undefined),
    ...Object.fromEntries(strings.filter(([, value]) => typeof value === 'string')),
  }
}

/** The payload as the host stored it, with `consumed` if it is. `undefined` for an expired or destroyed artifact. */
export function payloadOf(artifact: Artifact | null): AdapterPayload | undefined {
  if (!artifact?.payload || (artifact.expiresAt && artifact.expiresAt.getTime() <= Date.now())) return undefined
  const payload: AdapterPayload = JSON.parse(artifact.payload)
  if (artifact.consumed !== undefined) payload.consumed = artifact.consumed
  return payload
}

/** Filter: not consumed, not expired, not destroyed. */
export function consumable() {
  return {
    payload: { $exists: true },
    consumed: { $exists: false },
    $or: [{ expiresAt: { $exists: false } }, { expiresAt: { $gt: new Date() } }],
  }
}

/** Update: writes the artifact, unless an unexpired one with its id is stored. */
export function insertion(artifact: Artifact): object[] {
  return replacementUnless([unexpired(), exists('$payload')], artifact)
}

/**
 * Update: writes the artifact, unless it is an outdated copy of one that was destroyed or consumed after the copy was read.
 * An outdated copy changes nothing.
 */
export function replacement(artifact: Artifact): object[] {
  const conditions = [
    ...(artifact.iat === undefined ? [] : [{ $eq: ['$destroyed', artifact.iat] }]),
    ...(artifact.consumed === undefined ? [exists('$consumed')] : []),
  ]
  return replacementUnless([unexpired(), { $or: conditions }], artifact)
}

/** Update: leaves a tombstone. It stays longer than any request that may have a copy. */
export function tombstone(): object[] {
  return [{ $replaceWith: { _id: '$_id', destroyed: '$iat', expiresAt: secondsFromNow(tombstoneSeconds) } }]
}

function replacementUnless(conditions: object[], artifact: Artifact): object[] {
  return [{ $replaceWith: { $cond: [{ $and: conditions }, '$$ROOT', { $literal: artifact }] } }]
}

function unexpired(): object {
  return { $or: [{ $not: [exists('$expiresAt')] }, { $gt: ['$expiresAt', new Date()] }] }
}

function exists(field: string): object {
  return { $ne: [{ $type: field }, 'missing'] }
}

function secondsFromNow(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000)
}
