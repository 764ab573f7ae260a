import type { Visit } from '../desk.js'
import { mendable } from '../mistakes.js'
import type { Members, Schema } from './schema.js'

/** One call of the API. Its entry is the route, the check of its input and its part of the OpenAPI document. */
export interface Operation {
  /** `operationId` */
  name: string
  method: 'GET' | 'POST'
  /** below `api`, as OpenAPI writes it */
  path: string
  summary: string
  /** the parameters of the query */
  query?: Members
  /** the members of the JSON body */
  body?: Schema
  /** the schema of the answer */
  answer: Schema
  /** the statuses of its refusals, besides those of every call */
  refusals: readonly number[]
  /** returns the body of the answer */
  run(call: Call): Promise<unknown>
}

/** One request. `input` is the query or the body, checked, with times as `Date`s. */
export interface Call {
  visit: Visit
  /** id in the path, or '' */
  id: string
  input: Record<string, unknown>
}

/** Runs a function that checks its input. A refused input becomes an error for the sender; all other errors are faults. */
export async function checking<R>(run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (error) {
    const mistake = mendable(error)
    throw mistake ? Object.assign(new Error(mistake.reason), { status: mistake.status, expose: true }) : error
  }
}

/**
 * Calls a method with arguments from JSON. They have no type: the back office checks them itself, and its `TypeError` names the
 * wrong member.
 */
export function callUnchecked<R>(
  receiver: object,
  method: (...values: never[]) => Promise<R>,
  ...values: unknown[]
): Promise<R> {
  return checking(() => Reflect.apply(method, receiver, values))
}
