/** The part of JSON Schema that the API's document uses. */
export interface Schema {
  type?: string | readonly string[]
  description?: string
  format?: string
  enum?: readonly string[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  default?: unknown
  items?: Schema
  properties?: Members
  required?: readonly string[]
  additionalProperties?: Schema | boolean
  oneOf?: readonly Schema[]
  allOf?: readonly Schema[]
  $ref?: string
}

/** Schemas of the members of an object. */
export type Members = Readonly<Record<string, Schema>>

/** A text. */
export const text = (description?: string, limits: Schema = {}): Schema => ({
  type: 'string',
  ...(description && { description }),
  ...limits,
})
/** A time as in RFC 3339. */
export const time = (description?: string): Schema => text(description, { format: 'date-time' })
/** A whole number. */
export const count = (description?: string, limits: Schema = { minimum: 0 }): Schema => ({
  type: 'integer',
  ...(description && { description }),
  ...limits,
})
/** True or false. */
export const flag = (description?: string): Schema => ({ type: 'boolean', ...(description && { description }) })
/** One of these texts. */
export const choice = (values: readonly string[], description?: string): Schema => text(description, { enum: values })
/** Several. */
export const list = (items: Schema, description?: string): Schema => ({
  type: 'array',
  ...(description && { description }),
  items,
})
/** A component of the document. */
export const part = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
/** An object with any members. */
export const anyObject = (description?: string): Schema => ({
  type: 'object',
  ...(description && { description }),
  additionalProperties: true,
})

/** An object. Members whose name ends with `?` are optional. */
export function object(members: Members, description?: string): Schema {
  const names = Object.keys(members)
  return {
    type: 'object',
    ...(description && { description }),
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(Object.entries(members).map(([name, schema]) => [name.replace('?', ''), schema])),
  }
}
