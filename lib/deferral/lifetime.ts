// what lies further ahead is a mistake in the unit, and in the end no date at all
const longest = 315_360_000

/** Whether this is a time to wait, in seconds. */
export function isLifetime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= longest
}

/** What such a time has to be. */
export const lifetimeText = 'whole seconds, from 1 to ten years'
