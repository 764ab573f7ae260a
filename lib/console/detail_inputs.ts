import type { JsonObject } from '../index.js'
import { field } from './body.js'
import type { Desk } from './desk.js'
import { display } from './display.js'
import type { DetailEditor, DetailField } from './options.js'

const longest = 200

/** An input below an entry of `authorization_details`. */
export interface DetailInput {
  /** its name in the form: without the dots and brackets that body parsers of integrators take apart */
  name: string
  /** its name for the integrator */
  member: string
  label: string
  /** what was asked for, as the page shows it */
  asked: string
  /** what was asked for, as the client sent it */
  value: string
  type: NonNullable<DetailField['type']>
}

// the type is the client's: `constructor` is no option
function editorOf({ options: { details = {} } }: Desk, { type }: JsonObject): DetailEditor | undefined {
  return typeof type === 'string' && Object.hasOwn(details, type) ? details[type] : undefined
}

/** The inputs for the entry at this place. */
export function inputsOf(desk: Desk, detail: JsonObject, at: number): DetailInput[] {
  const fields = editorOf(desk, detail)?.fields(detail) ?? []
  return fields.map(({ name, label, value, type = 'text' }) => ({
    name: `detail-${at}-${name}`,
    member: name,
    label: display(label, 80),
    asked: display(value, longest),
    value,
    type,
  }))
}

/** What the form says of one input. A value that was left as it was shown is the client's own. */
function submitted({ name, asked, value }: DetailInput, form: URLSearchParams): string {
  if (!form.has(name)) return value
  const text = field(form, name)?.slice(0, longest) ?? ''
  return text === asked.trim() ? value : text
}

/** The entry at this place with the values of the form; the entry itself, if none was changed. */
export function detailIn(form: URLSearchParams, desk: Desk, detail: JsonObject, at: number): JsonObject {
  const values = inputsOf(desk, detail, at).map((input) => ({ input, value: submitted(input, form) }))
  const editor = editorOf(desk, detail)
  if (!editor || values.every(({ input, value }) => value === input.value)) return detail
  return editor.apply(detail, Object.fromEntries(values.map(({ input, value }) => [input.member, value])))
}
