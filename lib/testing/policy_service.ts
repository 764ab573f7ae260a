import { randomUUID } from 'node:crypto'
import { createServer } from 'node:https'
import { toNodeListener } from '../client/node_listener.js'
import type { JsonObject } from '../deferral/deferral.js'
import { AccessRequests, type Denial, inSeconds, problem, type Reply } from './access_requests.js'
import { selfSigned } from './certificate.js'
import { close, listen } from './listen.js'

/** A question as it arrived. */
export interface PolicyQuestion {
  subject: JsonObject
  resource: JsonObject
  action: JsonObject & { name: string }
  context: JsonObject
}

/** The answer to one question: `request` denies, and says that the access can be requested. An object is the answer itself. */
export type PolicyAnswer = 'permit' | 'deny' | 'request' | JsonObject

/** A request as it arrived. */
export interface PolicyCall {
  method: string
  path: string
  headers: Headers
  body?: JsonObject
}

/** A policy decision point with an access request service, on loopback, over TLS. */
export interface PolicyService {
  /** for the option `pdp` of `authzen` */
  pdp: string
  /** for the option `egress` of `authzen`: so it reaches this service, and trusts its certificate */
  egress: {
    allow: string[]
    ports: number[]
    ca: string
    /** the address of this service, for every name */
    resolve: () => string[]
  }
  /** decides about each question; replace it as a test wants */
  policy: (question: PolicyQuestion) => PolicyAnswer
  /** the questions so far, oldest first */
  questions: PolicyQuestion[]
  /** every request so far, oldest first */
  calls: PolicyCall[]
  /** members of the metadata that differ */
  metadata: JsonObject
  /** seconds for which a denial can be used for a submission */
  denialSeconds: number
  /** answers a request in place of the service; `undefined`: the service answers */
  intercept: (call: PolicyCall) => Promise<Reply | undefined> | Reply | undefined
  /** the submitted requests, and the approver */
  access: AccessRequests
  /** Stops the service. */
  close(): Promise<void>
  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const host = 'pdp.example'

/**
 * Plays a policy decision point of AuthZEN, and the service where denied access can be requested. A question that presents an
 * approval of this service is permitted where the policy says `request`.
 *
 * ```ts
 * await using service = await policyService(({ action }) => (action.name === 'payments' ? 'request' : 'permit'))
 * service.access.script = ['wait', 'approve']
 * const decider = authzen({ pdp: service.pdp, egress: service.egress })
 * ```
 */
export async function policyService(policy: PolicyService['policy'] = () => 'permit'): Promise<PolicyService> {
  const { key, cert } = selfSigned(host)
  const denials = new Map<string, Denial>()
  const server = createServer(
    { key, cert },
    toNodeListener(async (request) => {
      const call = await callOf(request)
      service.calls.push(call)
      const reply = (await service.intercept(call)) ?? answer(service, denials, call)
      const type = reply.status < 400 ? 'application/json' : 'application/problem+json'
      const requestId = call.headers.get('x-request-id')
      return new Response(reply.body ? JSON.stringify(reply.body) : null, {
        status: reply.status,
        headers: { 'content-type': type, ...(requestId !== null && { 'x-request-id': requestId }), ...reply.headers },
      })
    }),
  )
  const port = await listen(server)
  const pdp = `https://${host}:${port}`
  const stop = () => close(server)
  const service: PolicyService = {
    pdp,
    egress: { allow: ['127.0.0.1'], ports: [port], ca: cert, resolve: () => ['127.0.0.1'] },
    policy,
    questions: [],
    calls: [],
    metadata: {},
    denialSeconds: 600,
    intercept: () => undefined,
    access: new AccessRequests(pdp, denials),
    close: stop,
    [Symbol.asyncDispose]: stop,
  }
  return service
}

async function callOf(request: Request): Promise<PolicyCall> {
  const { pathname } = new URL(request.url)
  const text = await request.text()
  const { method, headers } = request
  return { method, path: pathname, headers, ...(text && { body: JSON.parse(text) }) }
}

function answer(service: PolicyService, denials: Map<string, Denial>, call: PolicyCall): Reply {
  const { path, method, body = {} } = call
  if (path === '/.well-known/authzen-configuration') return { status: 200, body: metadataOf(service) }
  if (path === '/access/v1/evaluation') return { status: 200, body: evaluate(service, denials, body) }
  if (path === '/access/v1/evaluations') return { status: 200, body: evaluateAll(service, denials, body) }
  const key = call.headers.get('idempotency-key')
  if (path === '/access/v1/requests' && method === 'POST') return service.access.submit(body, key)
  const [, id, verb] = /^\/access\/v1\/requests\/([^/]+)(\/cancel)?$/.exec(path) ?? []
  if (id === undefined) return problem(404, 'unknown_task')
  return verb ? service.access.cancel(id, body) : service.access.look(id)
}

function metadataOf({ pdp, metadata }: PolicyService): JsonObject {
  return {
    policy_decision_point: pdp,
    access_evaluation_endpoint: `${pdp}/access/v1/evaluation`,
    access_evaluations_endpoint: `${pdp}/access/v1/evaluations`,
    access_request_endpoint: `${pdp}/access/v1/requests`,
    ...metadata,
  }
}

function evaluateAll(service: PolicyService, denials: Map<string, Denial>, body: JsonObject): JsonObject {
  const { evaluations = [], options, ...common } = body
  const questions = evaluations as JsonObject[]
  return { evaluations: questions.map((question) => evaluate(service, denials, { ...common, ...question })) }
}

function evaluate(service: PolicyService, denials: Map<string, Denial>, body: JsonObject): JsonObject {
  const question = { context: {}, ...body } as object as PolicyQuestion
  service.questions.push(question)
  const decision = service.policy(question)
  if (typeof decision === 'object') return decision
  if (decision !== 'request') return { decision: decision === 'permit' }
  const { approval } = question.context
  if (approval && service.access.isApproved(body, approval as JsonObject)) {
    const { id, approved_until } = approval as JsonObject
    return { decision: true, context: { approval: { id: id ?? '', approved_until: approved_until ?? '' } } }
  }
  return requestable(service, denials, body)
}

function requestable({ denialSeconds }: PolicyService, denials: Map<string, Denial>, question: JsonObject): JsonObject {
  const id = `ev_${randomUUID()}`
  const expiresAt = inSeconds(denialSeconds)
  denials.set(id, { question, expiresAt })
  const context = {
    evaluation_id: id,
    evaluated_at: inSeconds(0),
    reason: 'approval_required',
    access_request: { expires_at: expiresAt, template: 'four-eyes' },
  }
  return { decision: false, context }
}
