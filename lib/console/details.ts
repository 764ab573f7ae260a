import type { Json, JsonObject } from '../index.js'
import type { Desk } from './desk.js'
import { display } from './display.js'

/** A name and a value, for people. */
export type Fact = readonly [name: string, value: string]

const mostFacts = 40

// `instructedAmount` and `credit_limit` are names of a program
function words(name: string): string {
  const spaced = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ')
  return display(spaced.toLowerCase(), 60)
}

function isPlain(value: Json): value is string | number | boolean | null {
  return typeof value !== 'object' || value === null
}

// an amount and its currency are one fact
function sumOf(value: Json): string | undefined {
  if (isPlain(value) || Array.isArray(value) || Object.keys(value).length !== 2) return undefined
  const { amount, currency } = value
  const isSum = (typeof amount === 'string' || typeof amount === 'number') && typeof currency === 'string'
  return isSum ? display(`${amount} ${currency}`) : undefined
}

function* factsIn(value: Json, path: readonly string[]): Generator<Fact> {
  const name = path.join(', ')
  const sum = sumOf(value)
  if (sum !== undefined) yield [name, sum]
  else if (isPlain(value)) yield [name, display(String(value))]
  else if (!Array.isArray(value))
    for (const [key, member] of Object.entries(value)) yield* factsIn(member, [...path, words(key)])
  else if (value.every(isPlain)) yield [name, display(value.join(', '))]
  else for (const [at, member] of value.entries()) yield* factsIn(member, [...path, String(at + 1)])
}

/** The members of an object as a flat list, the first forty. */
export function factsOf(object: JsonObject): Fact[] {
  const facts: Fact[] = []
  for (const [name, value] of factsIn(object, [])) {
    if (facts.length === mostFacts) return [...facts, ['And more', 'see the raw JSON']]
    facts.push([capital(name), value])
  }
  return facts
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function typeOf({ type }: JsonObject): string {
  const name = typeof type === 'string' ? words(type) : 'details'
  return capital(name)
}

function summaryOf({ type, ...others }: JsonObject): string {
  const values = factsOf(others).map(([, value]) => value)
  return display(values.slice(0, 4).join(', '), 120)
}

/** One entry of `authorization_details`, for people. */
export interface DetailWords {
  type: string
  /** in one line */
  summary: string
  facts: Fact[]
}

/** An entry of `authorization_details` in the integrator's words; without them its members. */
export function detailWords({ options }: Desk, detail: JsonObject): DetailWords {
  const { type: _, ...others } = detail
  const { label, facts } = options.texts?.detail?.(detail) ?? {}
  return {
    type: typeOf(detail),
    summary: label === undefined ? summaryOf(detail) : display(label, 120),
    facts: facts?.map(([name, value]): Fact => [display(name, 60), display(value)]) ?? factsOf(others),
  }
}
