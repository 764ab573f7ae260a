import { errors } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import { deepest, isDeeper } from '../deferral/json.js'

/** Refuses with `invalid_request` what a client nested deeper than can be kept. */
export function assertNesting(name: string, value: unknown): void {
  if (isDeeper(value)) throw new errors.InvalidRequest(`${name} must not be nested more than ${deepest} levels deep`)
}

/** The same for every member of what is to be kept of a request. */
export function assertSourceNesting(source: object): void {
  for (const [name, value] of Object.entries(source)) {
    assertNesting(name === 'rar' ? 'authorization_details' : name, value)
  }
}

/** A plain copy of what is to be kept of a request. */
export function plainSource(source: object): JsonObject {
  assertSourceNesting(source)
  return JSON.parse(JSON.stringify(source))
}
