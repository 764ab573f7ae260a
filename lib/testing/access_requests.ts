/* The access request service of a test: tasks in memory, and an approver who follows a script. */
import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '../deferral/deferral.js'

/** What a look at a task finds. A step as an object is the answer itself. */
export type ApproverStep = 'wait' | 'approve' | 'deny' | 'cancel' | 'expire' | 'fail' | JsonObject

/** What happens to each task: the n-th look finds the n-th step done, and the last one stays. */
export type ApproverScript = ApproverStep | readonly ApproverStep[]

/** A submission as it arrived, and its task. */
export interface AccessRequest {
  /** id of the task */
  id: string
  status: string
  idempotencyKey: string | null
  body: JsonObject
  approval?: JsonObject
  /** why it was cancelled */
  cancelled?: JsonObject
  /** looks at the task so far */
  looks: number
}

/** A denied evaluation that a submission can be bound to. */
export interface Denial {
  question: JsonObject
  expiresAt: string
}

/** An answer of the service. */
export interface Reply {
  status: number
  body?: JsonObject
  headers?: Record<string, string>
}

const problemType = 'urn:openid:authzen:access-request:error:'
const statuses: Record<string, string> = {
  wait: 'pending',
  approve: 'approved',
  deny: 'denied',
  cancel: 'cancelled',
  expire: 'expired',
  fail: 'failed',
}

/** An answer that says what is wrong, as RFC 9457 has it. */
export function problem(status: number, name: string): Reply {
  return { status, body: { type: problemType + name, title: name, status } }
}

/** The tasks of one service. */
export class AccessRequests {
  readonly list: AccessRequest[] = []
  script: ApproverScript = 'wait'
  /** seconds from now for which an approval is valid */
  approvalSeconds = 3600
  /** seconds from now after which a task is over; absent: never */
  taskSeconds: number | undefined
  /** whether tasks can be cancelled */
  isCancellable = true
  readonly #origin: string
  readonly #denials: ReadonlyMap<string, Denial>
  readonly #steps = new Map<string, ApproverStep[]>()

  constructor(origin: string, denials: ReadonlyMap<string, Denial>) {
    this.#origin = origin
    this.#denials = denials
  }

  /** Takes a submission. An equal idempotency key gets the same request. */
  submit(body: JsonObject, key: string | null): Reply {
    const repeated = key === null ? undefined : this.list.find(({ idempotencyKey }) => idempotencyKey === key)
    if (repeated && !isDeepStrictEqual(repeated.body, body)) return problem(409, 'duplicate_request')
    if (repeated) return { status: 202, body: { task: this.#task(repeated) } }
    const fault = this.#bindingFault(body)
    if (fault) return fault
    const request = { id: `arq_${randomUUID()}`, status: 'pending', idempotencyKey: key, body, looks: 0 }
    this.list.push(request)
    this.#steps.set(request.id, [this.script].flat() as ApproverStep[])
    return { status: 202, body: { task: this.#task(request) } }
  }

  /** Answers a look at a task: the next step of the script. */
  look(id: string): Reply {
    const request = this.list.find((one) => one.id === id)
    if (!request) return problem(404, 'unknown_task')
    request.looks += 1
    const steps = this.#steps.get(id) ?? []
    const step = steps.length > 1 ? steps.shift() : steps[0]
    if (request.status === 'cancelled') return { status: 200, body: { task: this.#task(request) } }
    if (typeof step === 'object') return { status: 200, body: step }
    if (step !== undefined) this.#end(request, step)
    const result = request.approval && { mode: 'reevaluate', approval: request.approval }
    return { status: 200, body: { task: this.#task(request), ...(result && { result }) } }
  }

  /** Cancels a task that is pending. */
  cancel(id: string, reason: JsonObject): Reply {
    const request = this.list.find((one) => one.id === id)
    if (!request) return problem(404, 'unknown_task')
    if (!this.isCancellable) return { status: 405 }
    if (request.status !== 'pending') return problem(409, 'invalid_task_state')
    request.status = 'cancelled'
    request.cancelled = reason
    return { status: 200, body: { task: this.#task(request) } }
  }

  /** The callback about a task, for the endpoint that its submission names; the test sends it. */
  callbackOf(id: string): { endpoint: string; body: JsonObject } | undefined {
    const request = this.list.find((one) => one.id === id)
    const { endpoint, state } = Object(request?.body.callback) as JsonObject
    if (!request || typeof endpoint !== 'string') return undefined
    return { endpoint, body: { ...(state !== undefined && { state }), task: this.#task(request) } }
  }

  /** Whether a question presents an approval of its own request that has not ended. */
  isApproved(question: JsonObject, approval: JsonObject): boolean {
    const request = this.list.find((one) => one.approval?.id === approval.id)
    const isOwn = ['subject', 'resource', 'action'].every((name) =>
      isDeepStrictEqual(request?.body[name], question[name]),
    )
    return (
      isOwn &&
      isDeepStrictEqual(request?.approval, approval) &&
      Date.parse(String(approval.approved_until)) > Date.now()
    )
  }

  #end(request: AccessRequest, step: string): void {
    request.status = statuses[step] ?? 'pending'
    if (request.status !== 'approved' || request.approval) return
    request.approval = {
      id: `apr_${randomUUID()}`,
      approved_at: new Date().toISOString(),
      approved_until: inSeconds(this.approvalSeconds),
      state: { proof: randomUUID() },
    }
  }

  #task({ id, status }: AccessRequest): JsonObject {
    const url = `${this.#origin}/access/v1/requests/${id}`
    return {
      id,
      status,
      status_endpoint: url,
      ...(this.taskSeconds !== undefined && { expires_at: inSeconds(this.taskSeconds) }),
      ...(this.isCancellable && { links: { cancel: `${url}/cancel` } }),
    }
  }

  #bindingFault({ denial, ...body }: JsonObject): Reply | undefined {
    const { evaluation_id: id, expires_at: expiresAt } = Object(denial) as Record<string, unknown>
    const known = this.#denials.get(String(id))
    const isBound = ['subject', 'resource', 'action'].every((name) =>
      isDeepStrictEqual(known?.question[name], body[name]),
    )
    if (!known || !isBound || expiresAt !== known.expiresAt) return problem(400, 'invalid_denial_binding')
    return Date.parse(known.expiresAt) < Date.now() ? problem(410, 'expired_denial') : undefined
  }
}

/** A time from now, as RFC 3339 has it. */
export function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString()
}
