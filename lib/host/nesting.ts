import { errors } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import { deepest, isDeeper } from '../deferral/json.js'

/** Throws `invalid_request` for a value that is nested too deeply for the store. */
export function assertNesting(name: string, value: unknown): void {
  if (isDeeper(value)) throw new errors.InvalidRequest(`${name} must not be nested more than ${deepest} levels deep`)
}

/** Throws `invalid_request` if a member of a source is nested too deeply. */
export function assertSourceNesting(source: object): void {
  for (const [name, value] of Object.entries(source)) {
    assertNesting(name === 'rar' ? 'authorization_details' : name, value)
  }
}

/** A plain JSON copy of a source, for the store. Throws as `assertSourceNesting` does. */
export function plainSource(source: object): JsonObject {
  assertSourceNesting(source)
  return JSON.parse(JSON.stringify(source))
}
