import type { DeferralRecord } from '../deferral/deferral_record.js'
import { containsHandle } from '../deferral/handle.js'
import { string } from '../deferral/shape.js'
import type { Stored } from '../deferral/store.js'
import { isUnexpired, isUnfinished } from '../deferral/transition.js'
import type { DeferralsDependencies } from './dependencies.js'

/** Throws a `TypeError` unless the deferral can have an interaction. */
export function assertInteractive(method: string, { profile }: DeferralRecord): void {
  if (profile !== 'oauth') throw new TypeError(`${method}: only deferrals of the oauth profile know an interaction`)
}

/** Throws a `TypeError` unless the id is a string: a store may take another value for a query. */
export function assertId(method: string, id: unknown): void {
  string(id, `${method}: id`)
}

/** Throws a `TypeError` if the uri of an interaction contains the handle of the client. */
export function assertWithoutHandle(uri: string, record: DeferralRecord): void {
  if (!containsHandle(uri, 'deferral_code', record)) return
  throw new TypeError('requireInteraction: uri must not contain the deferral_code, use the id of the deferral')
}

/** Throws a `RangeError` if the new expiry of a pending or approved deferral is after the end of its Grant. */
export async function assertWithinGrant(
  record: Stored,
  expiresIn: number,
  grantExpiry: DeferralsDependencies['grantExpiry'],
): Promise<void> {
  if (!isUnfinished(record) || !isUnexpired(record, record.readAt)) return
  const limit = await grantExpiry(record)
  if (limit === 'gone') throw new RangeError('extend: the Grant behind this deferral is gone, cancel the deferral')
  if (limit && record.readAt.getTime() + expiresIn * 1000 > limit.getTime()) {
    throw new RangeError(`extend: the Grant behind this deferral ends at ${limit.toISOString()}`)
  }
}
