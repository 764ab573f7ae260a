/** A date of RFC 3339. */
export const dateOnly = /^\d{4}-\d\d-\d\d$/

/** A date and a time of RFC 3339. */
export const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i

/** A date, or a date and a time whose seconds may be missing, as people type it. */
export const dateWithOptionalTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/

/** The date of an RFC 3339 text; `undefined` for an impossible day. The caller has checked the format. */
export function toDate(text: string): Date | undefined {
  const [date, day] = [new Date(text), text.slice(0, 10)]
  // the engine takes the 30th of February for the 2nd of March
  const isReal = Number.isFinite(date.getTime()) && new Date(day).toISOString().startsWith(day)
  return isReal ? date : undefined
}
