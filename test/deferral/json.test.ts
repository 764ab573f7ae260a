import { describe, expect, test } from 'vitest'
import { canonical, isObject, toJson } from '../../lib/deferral/json.js'

class Amount {
  value = 1
  toJSON() {
    return 1_000_000_000
  }
}

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])

describe('a plain object', () => {
  test.each([
    ['of members', { a: 1 }],
    ['without a prototype', Object.create(null)],
    ['that was parsed', JSON.parse('{"a":{}}')],
  ])('is one %s', (_case, value) => expect(isObject(value)).toBe(true))

  test.each([
    ['an instance of a class', new Amount()],
    ['what inherits from another object', Object.create({ toJSON: () => 1 })],
    ['what inherits from one without a prototype', Object.create(Object.create(null))],
    ['an array', []],
    ['a Date', new Date()],
    ['null', null],
  ])('is not %s', (_case, value) => expect(isObject(value)).toBe(false))
})

describe('what JSON carries', () => {
  test('is copied, all the way down, and what is undefined is left out', () => {
    const value = { a: [{ b: null }, -0], c: undefined }
    const copy = toJson(value) as unknown as typeof value
    expect(copy).toEqual({ a: [{ b: null }, 0] })
    expect(copy).not.toHaveProperty('c')
    expect([copy === value, copy.a === value.a, copy.a[0] === value.a[0]]).toEqual([false, false, false])
  })

  test('has each member read once', () => {
    let reads = 0
    const value = {
      get amount() {
        return ++reads
      },
    }
    expect(toJson([value])).toEqual([{ amount: 1 }])
    expect(reads).toBe(1)
  })

  test('may be nested 64 levels deep', () => {
    expect(toJson(nested(64))).toEqual(nested(64))
    expect(toJson(nested(65))).toBeUndefined()
  })

  const cycle: unknown[] = []
  cycle.push(cycle, cycle)

  test.each([
    ['an instance of a class', new Amount()],
    ['a toJSON', { toJSON: () => 1_000_000_000 }],
    ['a hole', new Array(1)],
    ['undefined in an array', [undefined]],
    ['a Date', new Date()],
    ['a String', Object('a')],
    ['a bigint', 1n],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a cycle', cycle],
    ['a member __proto__', JSON.parse('{"__proto__":{"admin":true}}')],
  ])('is not %s', (_case, value) => {
    expect(toJson(value)).toBeUndefined()
    expect(toJson({ a: [value] })).toBeUndefined()
  })
})

test('equal values have one text, different ones have not', () => {
  const value = { b: [{ d: 1, c: '2' }], a: null }
  expect(canonical(value)).toBe(canonical({ a: null, b: [{ c: '2', d: 1 }] }))
  for (const other of [{ ...value, a: 'null' }, { ...value, b: [{ c: 2, d: 1 }] }, { b: value.b }, [value]]) {
    expect(canonical(other)).not.toBe(canonical(value))
  }
})
