/** The moment that a date or a time of RFC 3339 names; `undefined`: there is none. The form of the text is for the caller to check. */
export function momentOf(text: string): Date | undefined {
  const [date, day] = [new Date(text), text.slice(0, 10)]
  // the engine takes the 30th of February for the 2nd of March
  const isReal = Number.isFinite(date.getTime()) && new Date(day).toISOString().startsWith(day)
  return isReal ? date : undefined
}
