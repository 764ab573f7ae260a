/*
 * The checks of all values from integrators: options, decisions, queries, the result of `defer`.
 */
import { types } from 'node:util'
import type { JsonObject } from './deferral.js'
import { deepest, isObject, toJson } from './json.js'

/** Checks a value and returns the value to use. A wrong value is a `TypeError` that starts with `at`, the path of the value. */
export type Check<T> = (value: unknown, at: string) => T

/** One check per member of an object. */
export type Members<T> = { readonly [K in keyof T]-?: Check<T[K]> }

/** An object after its checks. An optional member is absent or has a value, it is never `undefined`. */
type Checked<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Throws the `TypeError` of a wrong value; `remedy` says what to write instead. */
export function refuse(at: string, remedy: string): never {
  throw new TypeError(`${at} ${remedy}`)
}

/** The value must pass this test. */
export function mustBe<T>(expected: string, is: (value: unknown) => value is T): Check<T> {
  return (value, at) => (is(value) ? value : refuse(at, `must be ${expected}`))
}

/** The member may be absent. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, at) => (value === undefined ? undefined : check(value, at))
}

/** The member may be absent; then it has this value. */
export function withDefault<T>(check: Check<T>, preset: T): Check<T> {
  return (value = preset, at) => check(value, at)
}

/** Adds a rule to a check. The rule throws if it refuses the value. */
export function withRule<T>(check: Check<T>, rule: (value: T, at: string) => void): Check<T> {
  return (value, at) => {
    const result = check(value, at)
    rule(result, at)
    return result
  }
}

/** Whether this is a non-empty string. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Whether this is a `Date` that has a time; `getTime` of its own does not count. */
export const isValidDate = (value: unknown): value is Date =>
  types.isDate(value) && !Number.isNaN(Date.prototype.getTime.call(value))

/** A copy of a valid `Date`. */
export const date: Check<Date> = (value, at) => {
  if (isValidDate(value)) return new Date(value)
  refuse(at, 'must be a valid Date')
}
/** A boolean. */
export const boolean = mustBe('true or false', (value) => typeof value === 'boolean')
/** A string, which may be empty. */
export const string = mustBe('a string', (value) => typeof value === 'string')
/** A non-empty string. */
export const text = mustBe('a non-empty string', isText)
/** A plain object, with any members. It is not copied. */
export const plainObject = mustBe('a plain object', isObject)

/** A non-empty string of at most `longest` characters. */
export function textOf(longest: number): Check<string> {
  const expected = `a non-empty string of at most ${longest} characters`
  return mustBe(expected, (value): value is string => isText(value) && value.length <= longest)
}

const longestName = 200
const mostNames = 10

/** The name of a person or a program: 1 to 200 characters. */
export const personName = textOf(longestName)

/** Who did it: one name, or an array of names. */
export const by: Check<string | string[]> = (value, at) => {
  if (!Array.isArray(value)) return personName(value, at)
  const names = Array.from(value, (name, index) => personName(name, `${at}[${index}]`))
  if (names.length === 0 || names.length > mostNames) refuse(at, `must have 1 to ${mostNames} names`)
  return names
}

/** A copy of an object of JSON values. */
export const jsonObject: Check<JsonObject> = (value, at) => {
  const copy = toJson(value)
  if (isObject(copy)) return copy
  refuse(at, `must be a plain object of JSON values, at most ${deepest} levels deep`)
}

/** A function. Its parameters and its result cannot be checked here. */
export function callback<F>(): Check<F> {
  return mustBe('a function', (value): value is F => typeof value === 'function')
}

/** A whole number; `expected` names the unit and both limits. */
export function integer(expected: string, least: number, most = Number.MAX_SAFE_INTEGER): Check<number> {
  const isWithin = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
  const check = mustBe(expected, isWithin)
  // JSON has no -0, and -0 + 0 is 0
  return (value, at) => check(value, at) + 0
}

/** A duration in seconds. More than ten years is a mistake in the unit. */
export const lifetime = integer('whole seconds, from 1 to ten years', 1, 315_360_000)

/** One of these strings. */
export function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return mustBe(`one of ${values.join(', ')}`, (value): value is T => values.some((name) => name === value))
}

/** A copy of an array; `expected` describes an entry. */
export function listOf<T>(expected: string, is: (value: unknown) => value is T): Check<T[]> {
  const entry = mustBe(expected, is)
  return (value, at) => {
    if (!Array.isArray(value)) refuse(at, `must be an array, each entry ${expected}`)
    return Array.from(value, (member, index) => entry(member, `${at}[${index}]`))
  }
}

/**
 * A copy of an object that has only these members. Each member is read once: a getter cannot give one value to the check and
 * another one to its user. An absent object counts as an empty one.
 */
export function shape<T>(members: Members<T>): Check<Checked<T>> {
  return (value = {}, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'must be an object')
    refuseUnknown(value, Object.keys(members), at)
    return checkMembers(members, value, at)
  }
}

/** Refuses an object with a member of another name. */
export function refuseUnknown(value: object, names: readonly string[], at: string): void {
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) refuse(pathOf(at, unknown), `is not an option, use one of ${names.join(', ')}`)
}

/** Checks these members of a value, and leaves out all others. */
export function checkMembers<T>(members: Members<T>, value: unknown, at: string): Checked<T> {
  const object = Object(value)
  const checked = Object.entries<Check<unknown>>(members)
    .map(([name, check]) => [name, check(object[name], pathOf(at, name))])
    .filter(([, member]) => member !== undefined)
  return Object.fromEntries(checked)
}

/** The check of a method's argument, a plain object. */
export function argumentOf<T>(method: string, check: Check<T>): (argument: unknown) => T {
  return (argument) => check(plainObject(argument, `${method}: the argument`), `${method}:`)
}

// `features.deferredTokenResponse.ttl` of an option, `approve: by` of an argument
function pathOf(at: string, name: string): string {
  return at.endsWith(':') ? `${at} ${name}` : `${at}.${name}`
}
