import type { AdapterPayload } from 'oidc-provider'

/**
 * One document per artifact. The payload is kept as JSON text: its keys come from requests (`claims`,
 * `authorization_details`, client metadata), and BSON would refuse or reinterpret some (`$ref`, `_bsontype`, NUL, deep
 * nesting). Beside it stands what queries need, and `accountId` and `clientId` for operators'.
 *
 * Without `payload` it is a tombstone: `destroyed` is the `iat` of what had this id.
 */
export type Artifact = {
  _id: string
  payload?: string
  /** Absent: never. */
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

/** The payload as the host stored it, with `consumed` where it was; nothing of an expired or destroyed artifact. */
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

/** Update: writes the artifact unless a living one with its id is stored. */
export function insertion(artifact: Artifact): object[] {
  return replacementUnless([living(), exists('$payload')], artifact)
}

/**
 * Update: writes the artifact unless it is a copy read earlier of one that has been destroyed or consumed since. Such a
 * save changes nothing, as though it had come first.
 */
export function replacement(artifact: Artifact): object[] {
  const overtaken = [
    ...(artifact.iat === undefined ? [] : [{ $eq: ['$destroyed', artifact.iat] }]),
    ...(artifact.consumed === undefined ? [exists('$consumed')] : []),
  ]
  return replacementUnless([living(), { $or: overtaken }], artifact)
}

/** Update: leaves a tombstone, which outlives every request that may hold a copy. */
export function tombstone(): object[] {
  return [{ $replaceWith: { _id: '$_id', destroyed: '$iat', expiresAt: secondsFromNow(tombstoneSeconds) } }]
}

function replacementUnless(conditions: object[], artifact: Artifact): object[] {
  return [{ $replaceWith: { $cond: [{ $and: conditions }, '$$ROOT', { $literal: artifact }] } }]
}

function living(): object {
  return { $or: [{ $not: [exists('$expiresAt')] }, { $gt: ['$expiresAt', new Date()] }] }
}

function exists(field: string): object {
  return { $ne: [{ $type: field }, 'missing'] }
}

function secondsFromNow(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000)
}
