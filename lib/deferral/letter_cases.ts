/*
 * Upper and lower case, of one version of Unicode: that of Node.js. Each database has those of another version, so that its own
 * comparison without case would find other deferrals.
 */

/** The code points with case are below this one. */
const end = 0x20000

let sets: Map<string, string[]> | undefined

/** The letters that are equal to this one but for their case, itself included. */
export function casesOf(letter: string): readonly string[] {
  sets ??= allSets()
  return sets.get(lowerCase(letter)) ?? [letter]
}

function allSets(): Map<string, string[]> {
  const letters = new Map<string, string[]>()
  for (let code = 0; code < end; code++) {
    const letter = String.fromCodePoint(code)
    if (!/\p{Changes_When_Casemapped}/u.test(letter)) continue
    const lower = lowerCase(letter)
    letters.set(lower, [...(letters.get(lower) ?? []), letter])
  }
  return letters
}

// by way of the upper case, which is the same for both letters sigma. A result of several letters, such as SS, is none
function lowerCase(letter: string): string {
  const lower = only(only(letter.toUpperCase(), letter).toLowerCase(), letter)
  // the Turkish letters i are not the same
  return lower !== letter && isSame(letter, lower) ? lower : letter
}

const only = (cased: string, letter: string) => (Array.from(cased).length === 1 ? cased : letter)

const isSame = (letter: string, other: string) => new RegExp(`^${letter}$`, 'iu').test(other)
