/*
 * Upper and lower case by the Unicode version of Node.js. A database has another version: if it compared without case by itself, it
 * would find other deferrals.
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

// over the upper case, because both small letters sigma have the same one. A result of several letters, such as SS, does not count
function lowerCase(letter: string): string {
  const lower = only(only(letter.toUpperCase(), letter).toLowerCase(), letter)
  // the Turkish letters i are not the same
  return lower !== letter && isSame(letter, lower) ? lower : letter
}

const only = (cased: string, letter: string) => (Array.from(cased).length === 1 ? cased : letter)

const isSame = (letter: string, other: string) => new RegExp(`^${letter}$`, 'iu').test(other)
