import { describe, expect, test } from 'vitest'
import {
  argumentOf,
  boolean,
  by,
  type Check,
  integer,
  listOf,
  oneOf,
  optional,
  shape,
  string,
  text,
  withDefault,
} from '../../lib/deferral/shape.js'

const isFlag = (value: unknown) => typeof value === 'boolean'
const inner = shape({ limit: withDefault(integer('from 1 to 3', 1, 3), 2), name: optional(text) })
const outer = shape({ inner, flags: withDefault(listOf('a flag', isFlag), []), on: withDefault(boolean, true) })

describe('a wrong value is a TypeError: its path, then what to write', () => {
  test.each<[message: string, check: Check<unknown>, value: unknown]>([
    ['options must have 1 to 10 names', by, []],
    ['options must have 1 to 10 names', by, Array(11).fill('kim')],
    ['options must be a non-empty string of at most 200 characters', by, 'x'.repeat(201)],
    ['options[1] must be a non-empty string of at most 200 characters', by, ['kim', '']],
    ['options must be an object', outer, null],
    ['options must be an object', outer, []],
    ['options.of is not an option, use one of inner, flags, on', outer, { of: 1 }],
    ['options.toString is not an option, use one of inner, flags, on', outer, { toString: 1 }],
    ['options.inner must be an object', outer, { inner: 'x' }],
    ['options.inner.x is not an option, use one of limit, name', outer, { inner: { x: undefined } }],
    ['options.inner.limit must be from 1 to 3', outer, { inner: { limit: 4 } }],
    ['options.inner.limit must be from 1 to 3', outer, { inner: { limit: null } }],
    ['options.flags must be an array, each entry a flag', outer, { flags: true }],
    ['options.flags[1] must be a flag', outer, { flags: [true, 1] }],
    ['options.flags[0] must be a flag', outer, { flags: new Array(1) }],
    ['options must be one of a, b', oneOf(['a', 'b']), 'c'],
  ])('%s', (message, check, value) => {
    expect(() => check(value, 'options')).toThrow(new TypeError(message))
  })

  test.each<[message: string, argument: unknown]>([
    ['method: the argument must be a plain object', undefined],
    ['method: the argument must be a plain object', new (class {})()],
    ['method: id must be a string', {}],
    ['method: inner.limit must be from 1 to 3', { id: '', inner: { limit: 0 } }],
  ])('%s', (message, argument) => {
    expect(() => argumentOf('method', shape({ id: string, inner }))(argument)).toThrow(new TypeError(message))
  })
})

test('defaults are filled in, absent members stay absent', () => {
  const filled = { inner: { limit: 2 }, flags: [], on: true }
  expect(outer(undefined, '')).toStrictEqual(filled)
  expect(outer({ inner: { name: undefined }, on: undefined }, '')).toStrictEqual(filled)
})

test('what is checked is a copy, and each member is read once', () => {
  let reads = 0
  const flags = [true]
  const given = {
    flags,
    get on() {
      return reads++ === 0
    },
  }
  const checked = outer(given, '')
  flags.push(false)
  expect(checked).toMatchObject({ flags: [true], on: true })
  expect(reads).toBe(1)
})

test('a number has no negative zero', () => {
  expect(integer('zero or more', 0)(-0, '')).toBe(0)
})

test('who did it is one name, or a copy of an array of up to ten', () => {
  expect(by('kim', 'by')).toBe('kim')
  const names = Array.from({ length: 10 }, (_, n) => `${n}`)
  expect(by(names, 'by')).toEqual(names)
  expect(by(names, 'by')).not.toBe(names)
  expect(by(['x'.repeat(200)], 'by')).toHaveLength(1)
})
