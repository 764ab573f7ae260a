import type { Deferral, Reviewed } from '../index.js'
import type { Desk, Visit } from './desk.js'
import { display } from './display.js'
import { orReport } from './faults.js'
import type { Operator } from './options.js'

type TextReader = Pick<Visit, 'ctx' | 'desk'>

// one name that the integrator's code does not find must not hide all other requests
function subjectOf({ ctx, desk }: TextReader, deferral: Deferral): Promise<string | undefined> {
  const subjectInWords = async () => {
    const subject = await desk.options.texts?.subject?.(deferral)
    return subject ? display(subject, 80) : undefined
  }
  return orReport(ctx, subjectInWords, 'unknown')
}

/** The name of the person behind an account, for display; the account itself, if its name cannot be found out. */
function nameOfAccount({ ctx, desk }: TextReader, accountId: string, deferral: Deferral): Promise<string> {
  const nameInWords = async () => display((await desk.options.texts?.person?.(accountId, deferral)) || accountId, 80)
  return orReport(ctx, nameInWords, display(accountId, 80))
}

/** The name of the person whom a deferral is about, for display; `undefined` if it is the client's own. */
export async function personOf(reader: TextReader, deferral: Deferral): Promise<string | undefined> {
  const { accountId } = deferral
  return accountId === undefined ? subjectOf(reader, deferral) : nameOfAccount(reader, accountId, deferral)
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
  visit: Visit,
  deferral: Reviewed,
  operators: readonly Operator[],
): Promise<OperatorNames> {
  const { desk, operator: present } = visit
  // without a list of operators, nobody knows who is none
  if (!desk.options.operators) return namesOfOperators(operators, present)
  const ids = new Set([...operators, present].map(({ id }) => id))
  const others = new Set(deferral.history.flatMap(({ by }) => by ?? []).filter((id) => !ids.has(id)))
  const people = await Promise.all(
    [...others].map(async (id) => ({ id, name: await nameOfAccount(visit, id, deferral) })),
  )
  return namesOfOperators([...operators, ...people], present)
}
