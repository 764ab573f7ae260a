import type { Deferral } from '../deferral/deferral.js'
import { positionOf } from '../deferral/listing.js'
import type { ListOrder, ListPosition } from '../deferral/queries.js'
import { refuse } from '../deferral/shape.js'

/*
 * A cursor is an order and a place in it. It needs no signature: the issuer and the filter come with each call, so a crafted
 * cursor only starts elsewhere in the same list.
 */
const format = /^([a-z]+)\.(-?\d{1,15})?\.([\w-]{22})$/

/** The cursor that goes on after this place. */
export function toCursor(order: ListOrder, { at, id }: ListPosition): string {
  return Buffer.from(`${order}.${at?.getTime() ?? ''}.${id}`).toString('base64url')
}

/** The cursor that goes on after this deferral. */
export function cursorAfter(order: ListOrder, deferral: Deferral): string {
  return toCursor(order, positionOf(deferral, order))
}

/** The place in a cursor. A `TypeError` unless a listing in this order may have returned it. */
export function toPosition(order: ListOrder, cursor: string): ListPosition {
  const [, , time, id = ''] = format.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const place = { id, ...(time !== undefined && { at: new Date(Number(time)) }) }
  const isPlace = time !== undefined || order === 'due'
  // base64url and numbers have other spellings too; only one of them was returned
  if (!isPlace || toCursor(order, place) !== cursor) {
    refuse('list: cursor', 'must be one that list returned for the same order')
  }
  return place
}
