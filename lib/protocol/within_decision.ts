import type { Decision, JsonObject } from '../deferral/deferral.js'
import { beyond } from '../deferral/json.js'
import { beyondDetails, type Narrowing } from '../deferral/narrow.js'
import type { IssuedToken } from '../host/overrides/storage.js'

/** What the integrator's callbacks compute at mint time must not undo what a reviewer narrowed (E-32). */
export function assertWithin(
  token: IssuedToken,
  { scope, resource, authorizationDetails }: Decision,
  narrowing: Narrowing,
): void {
  const { scope: issued, rar } = withPlainDetails(token)
  const widerScope = scope && beyond(issued?.split(' ').filter(Boolean) ?? [], scope)
  const widerDetails = authorizationDetails && beyondDetails(rar ?? [], authorizationDetails, narrowing)
  const widerResource = resource && beyond(resourceOf(token), resource)
  const members = { scope: widerScope, resource: widerResource, authorization_details: widerDetails }
  for (const [name, wider] of Object.entries(members)) {
    if (wider?.length) throw new Error(`the ${name} of the token are wider than what was requested and decided`)
  }
}

// a plain copy, so that the compared value is the stored one: a toJSON or a getter could give another value later
function withPlainDetails(issued: IssuedToken): { scope?: string; rar?: JsonObject[] } {
  const token = issued as { scope?: string; rar?: JsonObject[] }
  if (token.rar !== undefined) token.rar = JSON.parse(JSON.stringify(token.rar))
  return token
}

function resourceOf(token: IssuedToken): string[] {
  const { resource, resourceServer } = token as {
    resource?: string | string[]
    resourceServer?: { identifier(): string }
  }
  return [resource ?? resourceServer?.identifier() ?? []].flat()
}
