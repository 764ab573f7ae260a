// the checks of the back office and of this console name the method, or the field; all other errors are faults of the code
const methods =
  'approve|deny|cancel|unvote|assign|unassign|comment|progress|requireInteraction|resume|extend|notifications\\.replay|list|count'
const ownCheck = new RegExp(`^(?:(?:${methods}): |\\w+ must be a whole number above zero$)`)

/** Status and text of an error that the sender of a form can mend: of the back office, or of the integrator's `narrow` or `apply`. */
export function mendable(error: unknown): { status: number; reason: string } | undefined {
  if (error instanceof RangeError) return { status: 422, reason: error.message }
  return error instanceof TypeError && ownCheck.test(error.message) ? { status: 400, reason: error.message } : undefined
}

/** Whether the back office knows no deferral with the id. */
export const isUnknown = (error: unknown) =>
  error instanceof Error && Reflect.get(error, 'code') === 'ERR_DEFERRAL_NOT_FOUND'
