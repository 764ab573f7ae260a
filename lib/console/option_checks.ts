import { checkColours } from './colours.js'
import type { ConsoleOptions, Operator } from './options.js'
import { SafeHtml } from './safe.js'

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
  details: 'object',
  header: 'function',
  log: 'function',
  signIn: 'string',
  brand: 'object',
  texts: 'object',
  now: 'function',
}
const brandMembers: Record<string, Kind> = { name: 'string', colours: 'object' }
const editorMembers: Record<string, Kind> = { fields: 'function', apply: 'function' }
const textMembers: Record<string, Kind> = {
  person: 'function',
  subject: 'function',
  scope: 'function',
  resource: 'function',
  detail: 'function',
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

function checkEditor(editor: object, path: string): void {
  if (!isObject(editor)) refuse(path, remedies.object)
  checkMembers(editor, editorMembers, `${path}.`)
  for (const name of Object.keys(editorMembers)) {
    if (!Object.hasOwn(editor, name)) refuse(`${path}.${name}`, 'is missing')
  }
}

/** Checks the options; a `TypeError` starts with the path of the wrong one and says what to write. */
export function checkOptions(options: ConsoleOptions): void {
  if (!isObject(options)) refuse('options', 'must be an object with authenticate')
  if (options.authenticate === undefined) refuse('authenticate', 'is missing: without it nobody can be let in')
  checkMembers(options, members, '')
  const { brand = {}, texts = {}, details = {} } = options
  checkMembers(brand, brandMembers, 'brand.', ['logo'])
  checkMembers(texts, textMembers, 'texts.')
  for (const [type, editor] of Object.entries(details)) checkEditor(editor, `details.${type}`)
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
