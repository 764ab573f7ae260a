/** The names of the members of a type. The compiler refuses a missing one and one too many. */
export function namesOf<T>(members: Record<keyof T, true>): string[] {
  return Object.keys(members)
}
