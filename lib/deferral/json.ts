import { types } from 'node:util'
import type { Json, JsonObject } from './deferral.js'

/** The greatest depth of nested arrays and objects. Stores, consoles and rules walk them recursively. */
export const deepest = 64

/** Whether this is a plain object, of any realm: no array and no instance of a class. */
export function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  if (prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

/** The object's own member with this name, never an inherited one such as `toString`. */
export function ownMember<T>(object: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/**
 * A copy of a JSON value. `undefined` if it is nested too deeply, or if JSON would silently drop or change a part of it, such as an
 * instance of a class, a hole in an array or a `toJSON`. Each member is read once, so that the checked value is the copied one.
 */
export function toJson(value: unknown, depth = deepest): Json | undefined {
  if (Array.isArray(value)) return depth > 0 ? arrayOf(value, depth - 1) : undefined
  if (isObject(value)) return depth > 0 ? objectOf(value, depth - 1) : undefined
  // JSON has no -0, and -0 + 0 is 0
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined
  return value === null || typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}

function arrayOf(values: unknown[], depth: number): Json[] | undefined {
  const copy: Json[] = []
  for (let at = 0; at < values.length; at++) {
    const member = toJson(values[at], depth)
    if (member === undefined) return undefined
    copy.push(member)
  }
  return copy
}

function objectOf(values: Record<string, unknown>, depth: number): JsonObject | undefined {
  const copy: JsonObject = {}
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue
    const member = toJson(value, depth)
    if (member === undefined || name === '__proto__') return undefined
    copy[name] = member
  }
  return copy
}

/** Whether arrays and objects are nested more than `depth` levels deep. */
export function isDeeper(value: unknown, depth = deepest): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((member) => isDeeper(member, depth - 1))
}

/** JSON text with sorted members, so that equal values have equal texts. */
export function canonical(value: Json): string {
  return JSON.stringify(value, (_name, member: Json) => (isObject(member) ? sortMembers(member) : member))
}

function sortMembers(values: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The entries that are not in `allowed`. Each allowed entry covers one entry: two equal entries ask for twice as much. */
export function beyond<T extends Json>(entries: readonly T[], allowed: readonly T[]): T[] {
  const counts = new Map<string, number>()
  for (const key of allowed.map(canonical)) counts.set(key, (counts.get(key) ?? 0) + 1)
  return entries.filter((entry) => {
    const key = canonical(entry)
    const count = counts.get(key) ?? 0
    counts.set(key, count - 1)
    return count <= 0
  })
}

/** A deep copy of plain data. */
export function deepCopy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (types.isDate(value)) return new Date(value)
  if (Array.isArray(value)) return value.map(deepCopy)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, deepCopy(member)]))
}
