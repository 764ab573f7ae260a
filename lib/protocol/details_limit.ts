/*
 * Not in the drafts: a limit on `authorization_details`, because a `narrow` rule compares each entry with each.
 */
import { errors } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import { sanitise } from '../deferral/error_description.js'
import { ownMember } from '../deferral/json.js'
import { mostRuled } from '../deferral/matching.js'
import type { Settings } from '../options/options.js'

/** Throws `invalid_authorization_details` if there are more entries of one type than a `narrow` rule may compare. */
export function assertNarrowable(details: readonly JsonObject[] | undefined, { narrow }: Settings): void {
  const counts = new Map<string, number>()
  for (const { type } of details ?? []) {
    if (typeof type !== 'string' || !ownMember(narrow, type)) continue
    const count = (counts.get(type) ?? 0) + 1
    if (count > mostRuled) {
      throw new errors.InvalidAuthorizationDetails(
        `authorization_details must not have more than ${mostRuled} entries of type ${sanitise(type)}`,
      )
    }
    counts.set(type, count)
  }
}
