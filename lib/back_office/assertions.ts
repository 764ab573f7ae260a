import type { DeferralRecord } from '../deferral/deferral.js'
import { string } from '../deferral/shape.js'

/** Throws a `TypeError` unless the deferral can have an interaction. */
export function assertInteractive(method: string, { profile }: DeferralRecord): void {
  if (profile !== 'oauth') throw new TypeError(`${method}: only deferrals of the oauth profile know an interaction`)
}

/** Throws a `TypeError` unless the id is a string: a store may take another value for a query. */
export function assertId(method: string, id: unknown): void {
  string(id, `${method}: id`)
}
