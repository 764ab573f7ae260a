import type { Approval, Deferral, JsonObject } from '../index.js'
import { field } from './body.js'
import type { Desk } from './desk.js'
import { detailIn } from './detail_inputs.js'
import { present } from './present.js'

/** The ticked ones of these, by their place. `undefined`: all of them, or the form did not offer a choice. */
function ticked<T>(form: URLSearchParams, name: string, values: readonly T[] | undefined): T[] | undefined {
  if (!values || !form.getAll('offered').includes(name)) return undefined
  const places = new Set(form.getAll(name))
  const chosen = values.filter((_, at) => places.has(String(at)))
  return chosen.length === values.length ? undefined : chosen
}

/** The ticked details, with the values of the form. `undefined`: all of them, as they were asked for. */
function detailsIn(form: URLSearchParams, desk: Desk, details: readonly JsonObject[] = []): JsonObject[] | undefined {
  const edited = new Map(details.map((detail, at) => [detail, at]))
  const chosen = ticked(form, 'details', details) ?? details
  const granted = chosen.map((detail) => detailIn(form, desk, detail, edited.get(detail) ?? 0))
  const isWhole = granted.length === details.length && granted.every((detail, at) => detail === details[at])
  return isWhole ? undefined : granted
}

/** What the form grants: at most what was requested. Throws the `RangeError` of the integrator's `apply`. */
export function approvalIn(form: URLSearchParams, desk: Desk, deferral: Deferral): Approval {
  const { scope, resource, authorizationDetails } = deferral
  return present({
    scope: ticked(form, 'scope', scope),
    resource: ticked(form, 'resource', resource),
    authorizationDetails: detailsIn(form, desk, authorizationDetails),
    note: field(form, 'note'),
  })
}
