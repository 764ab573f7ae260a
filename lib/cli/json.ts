// what a terminal would act on or hide, and JSON lets through
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** A value as JSON on one line. Control characters and invisible characters are escaped, so the value stays the same. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, escaped)
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => unit(character.charCodeAt(at))).join('')
}

const unit = (code: number) => `\\u${code.toString(16).padStart(4, '0')}`
