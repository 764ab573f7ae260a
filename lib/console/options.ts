import type { Deferral, ExportQuery, JsonObject, Reviewed } from '../index.js'
import type { Colours } from './colours.js'
import type { Context } from './koa.js'
import type { SafeHtml } from './safe.js'

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
  /** whose facts these are; `service` by default, which says "we know" */
  source?: 'client' | 'service' | 'person'
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
  /** name of the person behind an account, and of everybody in the history who is not one of `operators` */
  person?(accountId: string, deferral: Deferral): string | undefined | Promise<string | undefined>
  /** name of the person whom a request without an account is about, as the payer of a payment */
  subject?(deferral: Deferral): string | undefined | Promise<string | undefined>
  /** what a scope allows */
  scope?(scope: string): { label: string; detail?: string } | undefined
  /** what is behind the URL of a resource */
  resource?(uri: string): { label: string; detail?: string } | undefined
  /** an entry of `authorization_details`: in one line, and its facts */
  detail?(
    detail: JsonObject,
  ): { label: string; facts?: readonly (readonly [name: string, value: string])[] } | undefined
  /** what kind of request this is */
  kind?(deferral: Deferral): string | undefined
  /** frequent reasons to refuse it */
  reasons?(deferral: Deferral): readonly string[]
  /** the first progress text */
  step?(deferral: Deferral): string | undefined
}

/** A value of an entry of `authorization_details` that operators may lower. */
export interface DetailField {
  /** its name in the values that `apply` gets */
  name: string
  label: string
  /** what was asked for */
  value: string
  /** `text` by default */
  type?: 'text' | 'decimal' | 'date'
}

/** How operators grant a part of one entry of `authorization_details`. */
export interface DetailEditor {
  /** the inputs for this entry; none: it is granted as it is, or not at all */
  fields(detail: JsonObject): readonly DetailField[]
  /** the entry with these values. A `RangeError` is shown to the operator, and nothing is decided */
  apply(detail: JsonObject, values: Readonly<Record<string, string>>): JsonObject
}

/** Whether somebody may decide: `true`, or not. A text says why not. */
export type Permission = boolean | string

/** An export, for the integrator's log. */
export interface ExportEntry extends ExportQuery {
  event: 'export.started' | 'export.ended'
  format: 'csv' | 'ndjson'
  /** how many deferrals were sent, at the end */
  rows?: number
  /** at the end: whether all that the operator may read were sent. It is false, too, if `mayRead` threw at one of them */
  isComplete?: boolean
}

/** Options of the console. */
export interface ConsoleOptions<O extends Operator = Operator> {
  /** who sends this request; `undefined`: nobody, who gets a page that says so, with 401 */
  authenticate(ctx: Context): O | undefined | Promise<O | undefined>
  /** whether this operator may decide this deferral; default: everybody but the account that it is about */
  mayDecide?(operator: O, deferral: Deferral): Permission | Promise<Permission>
  /** whether this operator may read this deferral; default: everybody. If it returns anything but `true`, or throws, the deferral is not found */
  mayRead?(operator: O, deferral: Deferral): boolean | Promise<boolean>
  /** more about this deferral: documents, the facts of a payment */
  panels?(deferral: Reviewed, operator: O): readonly Panel[] | Promise<readonly Panel[]>
  /** everybody who may work here: names for what was done, and who may still vote */
  operators?(): readonly O[] | Promise<readonly O[]>
  /** the page that "ask the person" sends them to; `undefined`: the operator types its address; `false`: there is nobody to ask */
  interactionUri?(deferral: Deferral): string | undefined | false
  /** per type of `authorization_details`: the values that operators may lower. The rule `narrow` of the type decides what is less */
  details?: Readonly<Record<string, DetailEditor>>
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
