import type { Deferral } from '../index.js'
import type { Desk } from './desk.js'
import { display } from './display.js'
import type { Operator } from './options.js'

/** The name of the person whom a deferral is about, for display; `undefined` without an account. */
export async function personOf({ options }: Desk, deferral: Deferral): Promise<string | undefined> {
  const { accountId } = deferral
  if (accountId === undefined) return undefined
  return display((await options.texts?.person?.(accountId, deferral)) || accountId, 80)
}

/** The name of an operator, for display. */
export type OperatorNames = (id: string) => string

/** Everybody who works here, if the integrator says so. */
export async function operatorsOf({ options }: Desk): Promise<readonly Operator[]> {
  return (await options.operators?.()) ?? []
}

/** Names of operators. Somebody unknown keeps the id. */
export function namesOfOperators(operators: readonly Operator[], present: Operator): OperatorNames {
  const names = new Map([...operators, present].map(({ id, name }) => [id, name]))
  return (id) => display(names.get(id) ?? id, 80)
}
