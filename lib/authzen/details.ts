/*
 * AuthZEN Profile for OAuth 2.0 Token Issuance, "Authorization Detail Tuple": an entry of `authorization_details` is a product, and
 * there is one question per cell of it.
 */
import type { JsonObject } from '../index.js'

/** The name of an action, if the entry has none. */
const noAction = 'authorization_detail'

/** One cell of an entry: an action, with the datatype if there is one, at a location. */
export interface Cell {
  type: string
  location: string
  action: string
}

/** The cells of an entry. An entry without `locations` is about each target of the request. */
export function cellsOf(entry: JsonObject, targets: readonly string[]): Cell[] {
  const type = String(entry.type)
  const locations = textsOf(entry.locations) ?? targets
  const actions = textsOf(entry.actions) ?? [noAction]
  const datatypes = textsOf(entry.datatypes) ?? []
  // the datatype is the part behind the last colon, so one with a colon cannot be joined
  const canJoin = datatypes.length > 0 && !datatypes.some((datatype) => datatype.includes(':'))
  const names = canJoin
    ? actions.flatMap((action) => datatypes.map((datatype) => `${action}:${datatype}`))
    : [...actions]
  return locations.flatMap((location) => names.map((action) => ({ type, location, action })))
}

function textsOf(value: unknown): string[] | undefined {
  const isList = Array.isArray(value) && value.length > 0 && value.every((member) => typeof member === 'string')
  return isList ? value : undefined
}
