import { dateWithOptionalTime, toDate } from '../back_office/moment.js'
import { exitCodes, Failure } from './failure.js'

/** The options that were given, by name. */
export interface Values {
  text(name: string): string | undefined
  /** of a required option */
  needed(name: string): string
  texts(name: string): string[] | undefined
  flag(name: string): boolean
  number(name: string): number | undefined
  date(name: string): Date | undefined
}

type Given = Record<string, string | boolean | (string | boolean)[] | undefined>

/** Reads the options; a `Failure` says what is wrong with a value. */
export function valuesOf(given: Given): Values {
  const texts = (name: string) => {
    const value = given[name]
    return value === undefined ? undefined : [value].flat().map(String)
  }
  const text = (name: string) => texts(name)?.at(-1)
  return {
    text,
    texts,
    // the command line was refused without it
    needed: (name) => text(name) ?? '',
    flag: (name) => given[name] === true,
    number(name) {
      const value = text(name)
      if (value !== undefined && !/^\d{1,15}$/.test(value)) throw wrong(`--${name} must be a whole number`)
      return value === undefined ? undefined : Number(value)
    },
    date(name) {
      const value = text(name)
      if (value === undefined) return undefined
      const date = dateWithOptionalTime.test(value) ? toDate(value) : undefined
      if (!date) throw wrong(`--${name} must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z`)
      return date
    },
  }
}

/** The command line is wrong. */
export function wrong(message: string): Failure {
  return new Failure(exitCodes.usage, message)
}
