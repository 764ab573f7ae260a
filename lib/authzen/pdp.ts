/*
 * Authorization API 1.0, "Access Evaluation API" and "Access Evaluations API": asks the policy decision point. Only a boolean
 * `decision` counts. Anything else means that it could not be asked.
 */
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import type { Answer, Evaluation } from './evaluation.js'
import { type Ask, retryAfterOf, Unavailable } from './http.js'
import type { ReadMetadata } from './metadata.js'

/** Asks about these evaluations, and resolves to one answer for each. Rejects with `Unavailable`. */
export type Evaluate = (
  evaluations: readonly Evaluation[],
  request: { requestId: string; approvals?: ReadonlyMap<number, JsonObject> },
  signal?: AbortSignal,
) => Promise<Answer[]>

/** Asks the policy decision point with these endpoints. */
export function createEvaluate(ask: Ask, metadata: ReadMetadata): Evaluate {
  return async (evaluations, { requestId, approvals = new Map() }, signal) => {
    const { evaluation, evaluations: batch } = await metadata()
    const questions = evaluations.map((question, at) => wireOf(question, approvals.get(at)))
    const [single] = questions
    const isSingle = questions.length === 1 && single !== undefined
    const body = isSingle ? single : batchOf(questions)
    const headers = { 'x-request-id': requestId }
    const answer = await ask({ method: 'POST', url: isSingle ? evaluation : batch, headers, body }, signal)
    if (answer.status !== 200 || !answer.body) {
      throw new Unavailable(`the policy decision point answered ${answer.status}`, { retryAfter: retryAfterOf(answer) })
    }
    return isSingle ? [answerOf(answer.body)] : answersOf(answer.body, questions.length)
  }
}

// an approval is added to the context of its own question
function wireOf({ about, ...question }: Evaluation, approval: JsonObject | undefined): JsonObject {
  const context = { ...question.context, ...(approval && { approval }) }
  return { ...question, ...(Object.keys(context).length > 0 && { context }) } as object as JsonObject
}

// members that all questions share are sent once
function batchOf(questions: readonly JsonObject[]): JsonObject {
  const [first = {}] = questions
  const isShared = (name: string) =>
    first[name] !== undefined && questions.every((question) => isDeepStrictEqual(question[name], first[name]))
  const shared = ['subject', 'resource', 'context'].filter(isShared)
  const common = Object.fromEntries(shared.map((name) => [name, first[name] as JsonObject]))
  const evaluations = questions.map((question) =>
    Object.fromEntries(Object.entries(question).filter(([name]) => !shared.includes(name))),
  )
  return { ...common, evaluations, options: { evaluations_semantic: 'execute_all' } }
}

function answersOf({ evaluations }: JsonObject, count: number): Answer[] {
  if (!Array.isArray(evaluations) || evaluations.length !== count) {
    throw new Unavailable('the policy decision point did not answer every question')
  }
  return evaluations.map(answerOf)
}

function answerOf(value: unknown): Answer {
  if (!isObject(value) || typeof value.decision !== 'boolean') {
    throw new Unavailable('the policy decision point gave no decision')
  }
  return { decision: value.decision, context: isObject(value.context) ? (value.context as JsonObject) : {} }
}
