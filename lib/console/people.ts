import type { Deferral, Reviewed } from '../index.js'
import type { Desk } from './desk.js'
import { display } from './display.js'
import type { Operator, Texts } from './options.js'

async function subjectOf(texts: Texts | undefined, deferral: Deferral): Promise<string | undefined> {
  const subject = await texts?.subject?.(deferral)
  return subject ? display(subject, 80) : undefined
}

/** The name of the person whom a deferral is about, for display; `undefined` if it is the client's own. */
export async function personOf({ options }: Desk, deferral: Deferral): Promise<string | undefined> {
  const { accountId } = deferral
  if (accountId === undefined) return subjectOf(options.texts, deferral)
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

/** The same for everybody in the history of a deferral: somebody who is no operator may be the person whom it is about. */
export async function namesInHistory(
  desk: Desk,
  deferral: Reviewed,
  operators: readonly Operator[],
  present: Operator,
): Promise<OperatorNames> {
  // without a list of operators, nobody knows who is none
  if (!desk.options.operators) return namesOfOperators(operators, present)
  const ids = new Set([...operators, present].map(({ id }) => id))
  const others = new Set(deferral.history.flatMap(({ by }) => by ?? []).filter((id) => !ids.has(id)))
  const people = await Promise.all(
    [...others].map(async (id) => ({ id, name: (await desk.options.texts?.person?.(id, deferral)) || id })),
  )
  return namesOfOperators([...operators, ...people], present)
}
