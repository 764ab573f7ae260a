import type { Context } from 'koa'
import type { Deferral, ExportQuery } from '../index.js'
import { type Colours, checkColours } from './colours.js'
import { SafeHtml } from './safe.js'

/** Somebody who works at the console. */
export interface Operator {
  /** recorded as `by` of everything that they do; 1 to 200 characters */
  id: string
  /** shown to colleagues */
  name: string
}

/** A part of the request's page that the integrator adds. */
export interface Panel {
  title: string
  /** made with `safe`; a plain string is shown as text */
  html: SafeHtml | string
}

/** Name, logo and colours. */
export interface Brand {
  /** in the header and in every title; `Requests` */
  name?: string
  /** URL of a picture of this origin, or an inline SVG made with `safe` */
  logo?: string | SafeHtml
  colours?: Colours
}

/** The words of the integrator's business. Without them the console shows identifiers. */
export interface Texts {
  /** name of the person behind an account */
  person?(accountId: string, deferral: Deferral): string | undefined | Promise<string | undefined>
  /** what a scope allows */
  scope?(scope: string): { label: string; detail?: string } | undefined
  /** what kind of request this is */
  kind?(deferral: Deferral): string | undefined
  /** frequent reasons to refuse it */
  reasons?(deferral: Deferral): readonly string[]
  /** the first progress text */
  step?(deferral: Deferral): string | undefined
}

/** Whether somebody may decide: `true`, or not. A text says why not. */
export type Permission = boolean | string

/** An export, for the integrator's log. */
export interface ExportEntry extends ExportQuery {
  event: 'export.started' | 'export.ended'
  format: 'csv' | 'ndjson'
  /** how many deferrals were sent, at the end */
  rows?: number
  /** at the end: whether all were sent */
  isComplete?: boolean
}

/** Options of the console. */
export interface ConsoleOptions<O extends Operator = Operator> {
  /** who sends this request; `undefined`: nobody, who gets a page that says so, with 401 */
  authenticate(ctx: Context): O | undefined | Promise<O | undefined>
  /** whether this operator may decide this deferral; default: everybody but the account that it is about */
  mayDecide?(operator: O, deferral: Deferral): Permission | Promise<Permission>
  /** whether this operator may read this deferral; default: everybody. What one may not read is not found */
  mayRead?(operator: O, deferral: Deferral): boolean | Promise<boolean>
  /** more about this deferral: documents, the facts of a payment */
  panels?(deferral: Deferral, operator: O): readonly Panel[] | Promise<readonly Panel[]>
  /** everybody who may work here: names for what was done, and who may still vote */
  operators?(): readonly O[] | Promise<readonly O[]>
  /** the page that "ask the person" sends them to; without it the operator types its address */
  interactionUri?(deferral: Deferral): string | undefined
  /** the right side of the header, as a link or a form to sign out */
  header?(ctx: Context, operator: O): SafeHtml
  /** records who exports what; an export waits for it, and does not start if it throws. Without it there is no export */
  log?(operator: O, entry: ExportEntry): void | Promise<void>
  /** where to sign in: linked from the page with 401 */
  signIn?: string
  brand?: Brand
  texts?: Texts
  /** the current time, for tests; by default the clock of this machine */
  now?(): Date
}

function refuse(path: string, remedy: string): never {
  throw new TypeError(`createConsole: ${path} ${remedy}`)
}

type Kind = 'function' | 'string' | 'object'
const remedies: Record<Kind, string> = {
  function: 'must be a function',
  string: 'must be a non-empty string',
  object: 'must be an object',
}

const members: Record<string, Kind> = {
  authenticate: 'function',
  mayDecide: 'function',
  mayRead: 'function',
  panels: 'function',
  operators: 'function',
  interactionUri: 'function',
  header: 'function',
  log: 'function',
  signIn: 'string',
  brand: 'object',
  texts: 'object',
  now: 'function',
}
const brandMembers: Record<string, Kind> = { name: 'string', colours: 'object' }
const textMembers: Record<string, Kind> = {
  person: 'function',
  scope: 'function',
  kind: 'function',
  reasons: 'function',
  step: 'function',
}

function isKind(value: unknown, kind: Kind): boolean {
  return kind === 'object' ? isObject(value) : typeof value === kind && value !== ''
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkMembers(object: object, kinds: Record<string, Kind>, prefix: string, others: string[] = []): void {
  for (const [name, value] of Object.entries(object)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (value === undefined || others.includes(name)) continue
    if (!kind) refuse(prefix + name, `is not an option, use one of ${[...Object.keys(kinds), ...others].join(', ')}`)
    if (!isKind(value, kind)) refuse(prefix + name, remedies[kind])
  }
}

/** Checks the options; a `TypeError` starts with the path of the wrong one and says what to write. */
export function checkOptions(options: ConsoleOptions): void {
  if (!isObject(options)) refuse('options', 'must be an object with authenticate')
  if (options.authenticate === undefined) refuse('authenticate', 'is missing: without it nobody can be let in')
  checkMembers(options, members, '')
  const { brand = {}, texts = {} } = options
  checkMembers(brand, brandMembers, 'brand.', ['logo'])
  checkMembers(texts, textMembers, 'texts.')
  const { logo, colours = {} } = brand
  if (logo !== undefined && !(logo instanceof SafeHtml) && !isKind(logo, 'string')) {
    refuse('brand.logo', 'must be a URL or markup made with safe')
  }
  checkColours(colours, (name, remedy) => refuse(`brand.colours.${name}`, remedy))
}

/** Checks the provider. */
export function checkProvider(provider: { deferrals?: unknown }): void {
  if (!provider?.deferrals) refuse('provider', 'must have features.deferredTokenResponse enabled')
}

/** Checks what `authenticate` returned: a wrong operator is a fault of the integrator's code, and lets nobody in. */
export function checkOperator({ id, name }: Operator): void {
  const isText = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= 200
  if (!isText(id) || !isText(name)) {
    refuse('authenticate', 'must return an id and a name of 1 to 200 characters, or undefined')
  }
}
