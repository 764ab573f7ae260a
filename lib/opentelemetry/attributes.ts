import type { Attributes } from '@opentelemetry/api'
import type { OperationMessage } from '../diagnostics/channels.js'

/** Name of the error's class, or its code, as `error.type`; nothing without an error. */
export function errorType({ error }: OperationMessage): Attributes {
  if (error === undefined) return {}
  const { code, name } = Object(error)
  return { 'error.type': String(code ?? name) }
}

/** The members that are defined. */
export function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
