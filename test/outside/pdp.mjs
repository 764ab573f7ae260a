/*
 * A policy decision point with an access request service, written from the texts alone: Authorization API 1.0, and the Access Request
 * and Approval Profile. It notes each request that the texts do not allow. Nothing of this package is used.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, request } from 'node:https'
import { isDeepStrictEqual } from 'node:util'

const bearer = 'credentials of the provider'
const problem = 'urn:openid:authzen:access-request:error:'
const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')
const unguessable = (prefix) => prefix + randomBytes(24).toString('base64url')
const isEntity = (value) => typeof value?.type === 'string' && typeof value?.id === 'string'

/** Starts the service. `decide` gets the name of an action, and says permit, deny or request. */
export async function startPdp({ certificate, decide }) {
  const denials = new Map()
  const tasks = new Map()
  const keys = new Map()
  const complaints = []
  const seen = []
  let origin = ''

  const complain = (condition, text) => {
    if (!condition) complaints.push(text)
  }

  function evaluate(question) {
    const { subject, resource, action, context = {} } = question
    complain(isEntity(subject), 'a subject needs type and id')
    complain(isEntity(resource), 'a resource needs type and id')
    complain(typeof action?.name === 'string', 'an action needs a name')
    const decision = decide(action.name)
    if (decision === 'permit') return { decision: true }
    if (decision === 'deny') return { decision: false, context: { reason: 'policy_denied' } }
    if (context.approval) return reevaluate(question)
    const [evaluation_id, evaluated_at, expires_at] = [unguessable('eval_'), inSeconds(0), inSeconds(300)]
    const binding_token = `${unguessable('')}.ö/+=`
    denials.set(evaluation_id, { subject, resource, action, context, expires_at, binding_token, evaluated_at })
    const access_request = { expires_at, binding_token, template: 'two_managers', display: { title: 'Ask' } }
    return { decision: false, context: { evaluation_id, evaluated_at, reason: 'approval_required', access_request } }
  }

  // the exact-match baseline: the same question, and the approval as it was given
  function reevaluate({ subject, resource, action, context }) {
    const { approval, ...others } = context
    const task = [...tasks.values()].find((one) => one.approval?.id === approval.id)
    complain(task !== undefined, 're-evaluation with an approval that nobody gave')
    if (!task) return { decision: false, context: { next_action: 'none', reason: 'approval_unverifiable' } }
    const { denial } = task
    complain(isDeepStrictEqual(approval, JSON.parse(JSON.stringify(task.approval))), 'the approval was changed')
    for (const [name, now, before] of [
      ['subject', subject, denial.subject],
      ['resource', resource, denial.resource],
      ['action', action, denial.action],
      ['context', others, denial.context],
    ])
      complain(isDeepStrictEqual(now, before), `the ${name} of the re-evaluation differs`)
    const { id, approved_until } = task.approval
    return { decision: true, context: { approval: { id, approved_until } } }
  }

  function submit(body, headers) {
    const { subject, resource, action, context = {}, denial = {}, callback } = body
    const key = headers['idempotency-key']
    complain(typeof key === 'string' && key.length > 15, 'a submission should have an Idempotency-Key')
    const known = keys.get(key)
    if (known) {
      complain(isDeepStrictEqual(known.body, body), 'one key, two submissions')
      return [202, { task: handle(known.task) }]
    }
    const original = denials.get(denial.evaluation_id)
    if (!original) return [400, { type: `${problem}invalid_denial_binding` }]
    for (const name of ['subject', 'resource', 'action'])
      complain(isDeepStrictEqual({ subject, resource, action }[name], original[name]), `${name} was changed`)
    for (const [name, value] of Object.entries(original.context))
      complain(isDeepStrictEqual(context[name], value), `context.${name} was changed`)
    for (const name of ['expires_at', 'binding_token', 'evaluated_at'])
      complain(denial[name] === original[name], `denial.${name} was not echoed`)
    complain(denial.reason === 'approval_required', 'denial.reason was not echoed')
    complain(denial.template === 'two_managers', 'denial.template was not echoed')
    if (callback) {
      complain(/^https:/.test(callback.endpoint), 'the callback needs an https endpoint')
      const defined = ['approved', 'denied', 'expired', 'cancelled', 'failed', 'partial']
      complain(
        callback.events?.every((event) => defined.includes(event)),
        'the callback has an unknown event',
      )
    }
    const task = { id: unguessable('arq_'), status: 'pending', denial: original, callback, looks: 0 }
    tasks.set(task.id, task)
    keys.set(key, { body, task })
    return [202, { task: handle(task) }, { 'retry-after': '1', location: handle(task).status_endpoint }]
  }

  function handle({ id, status }) {
    const status_endpoint = `${origin}/requests/${id}`
    const progress = { current_step: 1, total_steps: 2, step_name: 'Manager', awaiting: [{ id: 'boss@example.com' }] }
    return {
      id,
      status,
      status_endpoint,
      expires_at: inSeconds(3600),
      progress,
      links: { cancel: `${status_endpoint}/cancel` },
    }
  }

  function look(task) {
    task.looks += 1
    const result = task.approval && { result: { mode: 'reevaluate', approval: task.approval } }
    return [200, { task: handle(task), ...result }, { 'retry-after': '1' }]
  }

  function cancel(task) {
    if (task.status !== 'pending') return [409, { type: `${problem}invalid_task_state` }]
    task.status = 'cancelled'
    return [200, { task: handle(task) }]
  }

  function route({ method, url, headers }, body) {
    if (url === '/.well-known/authzen-configuration') return [200, metadata(), { 'cache-control': 'max-age=60' }]
    if (method === 'POST') complain(/^application\/json/.test(headers['content-type']), `${url} without JSON`)
    if (url === '/evaluate') return [200, evaluate(body)]
    if (url === '/evaluate-all') {
      const { evaluations, options = {}, ...common } = body
      const semantic = options.evaluations_semantic ?? 'execute_all'
      complain(semantic === 'execute_all', `evaluations_semantic ${semantic}`)
      return [200, { evaluations: evaluations.map((one) => evaluate({ ...common, ...one })) }]
    }
    if (url === '/requests' && method === 'POST') return submit(body, headers)
    const [, id, verb] = /^\/requests\/([\w-]+)(\/cancel)?$/.exec(url) ?? []
    const task = tasks.get(id)
    if (!task) return [404, { type: `${problem}unknown_task` }]
    return verb ? cancel(task) : look(task)
  }

  function metadata() {
    return {
      policy_decision_point: origin,
      access_evaluation_endpoint: `${origin}/evaluate`,
      access_evaluations_endpoint: `${origin}/evaluate-all`,
      access_request_endpoint: `${origin}/requests`,
      capabilities: ['urn:openid:authzen:capability:access-request'],
    }
  }

  const server = createServer(certificate, async (incoming, outgoing) => {
    const chunks = []
    for await (const chunk of incoming) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    seen.push({ method: incoming.method, url: incoming.url, text })
    const isPublic = incoming.url.startsWith('/.well-known/')
    const isKnown = isSame(incoming.headers.authorization, `Bearer ${bearer}`)
    const [status, body, headers] =
      isPublic || isKnown ? route(incoming, text ? JSON.parse(text) : {}) : [401, { type: 'about:blank' }]
    const requestId = incoming.headers['x-request-id']
    const type = status < 400 ? 'application/json' : 'application/problem+json'
    outgoing.writeHead(status, { 'content-type': type, ...(requestId && { 'x-request-id': requestId }), ...headers })
    outgoing.end(JSON.stringify(body))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address()
  origin = `https://pdp.example:${port}`

  return {
    origin,
    port,
    bearer,
    complaints,
    seen,
    tasks: () => [...tasks.values()],
    /** The approver decides, and the service calls back if it was asked to. Resolves to the status of that answer. */
    async decideTask(task, status) {
      task.status = status
      if (status === 'approved')
        task.approval = {
          id: unguessable('apr_'),
          approved_at: inSeconds(0),
          approved_until: inSeconds(120),
          state: { proof: ['ö', 1.5, null, { nested: true }], jws: `${unguessable('')}.x` },
        }
      return task.callback && callBack(task, handle(task), certificate)
    },
    close: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  }
}

function callBack({ callback: { endpoint, state } }, task, { ca }) {
  const { port, pathname, hostname } = new URL(endpoint)
  const headers = { 'content-type': 'application/json', authorization: 'Bearer issued-to-the-service' }
  const options = { host: '127.0.0.1', port, path: pathname, servername: hostname, method: 'POST', ca, headers }
  return new Promise((resolve, reject) => {
    request(options, ({ statusCode }) => resolve(statusCode))
      .on('error', reject)
      .end(JSON.stringify({ state, task }))
  })
}

function isSame(left = '', right) {
  const [a, b] = [left, right].map((text) => createHash('sha256').update(text).digest())
  return timingSafeEqual(a, b)
}
