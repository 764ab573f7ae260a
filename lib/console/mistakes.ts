/** What the sender of a form can mend. Its text is the back office's. */
export function mendable(error: unknown): { status: number; reason: string } | undefined {
  if (error instanceof RangeError) return { status: 422, reason: error.message }
  // names a member of the form, and is not a fault of the code
  const isNamed = error instanceof TypeError && /^[\w.]+(: | must be a whole)/.test(error.message)
  return isNamed ? { status: 400, reason: error.message } : undefined
}

/** Whether the back office knows no deferral with the id. */
export const isUnknown = (error: unknown) =>
  error instanceof Error && Reflect.get(error, 'code') === 'ERR_DEFERRAL_NOT_FOUND'
