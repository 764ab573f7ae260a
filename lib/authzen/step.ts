/*
 * AuthZEN Access Request and Approval Profile, "PEP Processing": one step of the access requests of a deferral. Each step has at
 * most one exchange with the access request service, and its result is stored before the next one.
 */
import type { JsonObject, TaskStep } from '../index.js'
import { faultOf, itemOf } from './access_request.js'
import { Unavailable } from './http.js'
import { nextActionOf } from './next_action.js'
import { type Reevaluated, reevaluate } from './reevaluation.js'
import { decidedBy, denial, openItems, type StepContext, toNextItem, toTaskStep } from './step_context.js'
import { afterFailure, type Submitted, submit } from './submission.js'
import { delayAfter, type Item, type TaskState, timeOf, withItem, withLooksDue } from './task_state.js'
import { look, type Sight, sightOf } from './watching.js'
import { windUp } from './winding_up.js'

const votePause = 3600

/** Takes the next step. */
export async function takeStep(before: TaskState, hasEnded: boolean, context: StepContext): Promise<TaskStep> {
  if (hasEnded) return windUp(before, context)
  const state = context.isNudged ? withLooksDue(before, context.now) : before
  // its own vote is stored: the task runs again when the deferral ends
  if (context.deferral.votes?.some(({ by }) => by === decidedBy)) return { wait: votePause }
  const now = context.now.getTime()
  const open = openItems(state)
  if (open.length === 0) return decide(state, context)
  const item = open.find(({ due }) => due <= now)
  if (!item) return toNextItem(state, open, context.now)
  return item.task ? watch(state, item, await look(item, context), context) : send(state, item, context)
}

async function send(state: TaskState, item: Item, context: StepContext): Promise<TaskStep> {
  const outcome: Submitted = await submit(item, context)
  switch (outcome.kind) {
    case 'task':
      return begin(state, item, outcome, context)
    case 'again':
      return afterFailure(state, item, outcome, context)
    case 'stale':
      return renew(state, context, 'the denial has expired')
    case 'refused':
      context.alert('an access request was refused', { reason: outcome.reason })
      return denial(state, outcome.reason)
  }
}

// the service may have decided at once
async function begin(
  state: TaskState,
  item: Item,
  { task, answer }: Submitted & { kind: 'task' },
  context: StepContext,
): Promise<TaskStep> {
  const next = withItem(state, item, { task, attempts: 0, isSent: true })
  const step = await watch(next, { ...item, task }, sightOf(answer, item, 0, context), context)
  const expiresAt = timeOf(task.expiresAt)
  return { ...step, ...(expiresAt && !step.expiresAt && { expiresAt }), note: step.note ?? `access request ${task.id}` }
}

function watch(state: TaskState, item: Item, sight: Sight, context: StepContext): TaskStep | Promise<TaskStep> {
  switch (sight.kind) {
    case 'pending':
      return keepWatching(state, item, sight, context)
    case 'approved':
      return toTaskStep(ended(state, item, 'approved', { approval: sight.approval }), 0, { note: 'approved' })
    case 'denied':
      return denial(ended(state, item, 'denied'), 'denied by the access request service')
    case 'cancelled':
      return denial(ended(state, item, 'cancelled'), 'cancelled_upstream')
    case 'expired':
      // before the exchange `expiresAt` is that of the deferred code
      if (!context.deferral.exchangedAt) return denial(ended(state, item, 'expired'), 'expired upstream')
      // polls are answered expired_token
      return toTaskStep(ended(state, item, 'expired'), 0, { expiresAt: context.now, note: 'expired upstream' })
    case 'failed':
      context.alert('an access request has failed at its service', { task: item.task?.id ?? '' })
      return renew(ended(state, item, 'failed'), context, 'failed at the access request service')
    case 'endless':
      context.alert('an approval has no end', { task: item.task?.id ?? '' })
      return denial(ended(state, item, 'approved'), 'the approval has no end')
  }
}

function ended(state: TaskState, item: Item, status: string, changes: Partial<Item> = {}): TaskState {
  return withItem(state, item, { ...changes, ...(item.task && { task: { ...item.task, status } }) })
}

function keepWatching(
  state: TaskState,
  item: Item,
  sight: Sight & { kind: 'pending' },
  { now }: StepContext,
): TaskStep {
  const { wait, progress } = sight
  const due = now.getTime() + wait * 1000
  const next = withItem(state, item, { attempts: item.attempts + 1, due })
  const expiresAt = timeOf(sight.expiresAt ?? item.task?.expiresAt)
  const isNew = progress !== undefined && progress !== state.progress
  return toNextItem({ ...next, ...(isNew && { progress }) }, openItems(next), now, {
    ...(expiresAt && { expiresAt }),
    ...(isNew && { progress: { step: progress } }),
  })
}

/** Asks the policy decision point: everything is approved, or nothing has been asked yet. */
async function decide(state: TaskState, context: StepContext): Promise<TaskStep> {
  const { evaluate, settings, deferral, signal, now } = context
  try {
    const requestId = `${deferral.id}.${state.generation}.${state.attempts}`
    const reevaluated = await reevaluate(state, { evaluate, settings, requestId, signal })
    return await conclude(state, reevaluated, context)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    context.alert('the policy decision point cannot be asked', { reason: error.message })
    const wait = delayAfter(state.attempts, error.retryAfter)
    return toTaskStep({ ...state, attempts: state.attempts + 1 }, Math.min(wait, secondsTo(deferral.expiresAt, now)))
  }
}

async function conclude(state: TaskState, reevaluated: Reevaluated, context: StepContext): Promise<TaskStep> {
  const { outcome, until } = reevaluated
  if (until && until <= context.now) return denial(state, 'the approval has ended')
  if (outcome.kind === 'permit') {
    const { scope, resource, authorizationDetails } = outcome.allow ?? {}
    const approve = {
      by: decidedBy,
      ...(until && { until }),
      ...(scope && { scope }),
      ...(resource && { resource }),
      ...(authorizationDetails && { authorizationDetails }),
    }
    return { ...toTaskStep(state, 0), decision: { approve } }
  }
  if (outcome.kind === 'deny' && outcome.problem !== undefined) {
    context.alert('a permit of the policy decision point cannot be applied', { reason: outcome.problem })
    return denial(state, outcome.problem)
  }
  const contexts = reevaluated.answers.flatMap((answer) => (answer.decision ? [] : [answer.context]))
  const { action, retryAfter } = nextActionOf(contexts)
  if (action === 'retry') {
    const wait = delayAfter(state.attempts, retryAfter)
    return toTaskStep(
      { ...state, attempts: state.attempts + 1 },
      until ? Math.min(wait, secondsTo(until, context.now)) : wait,
    )
  }
  if (action === 'request') return request(state, reevaluated, context)
  return denial(state, 'denied by the policy decision point')
}

/** Asks for a fresh denial, and requests the access anew. */
async function renew(state: TaskState, context: StepContext, reason: string): Promise<TaskStep> {
  const { evaluate, settings, deferral, signal, now } = context
  if (!mayRenew(state, context)) return denial(state, reason)
  try {
    const fresh = { ...state, items: [], generation: state.generation + 1 }
    const requestId = `${deferral.id}.${state.generation}.renewed`
    return await conclude(fresh, await reevaluate(fresh, { evaluate, settings, requestId, signal }), context)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    const wait = Math.min(delayAfter(state.attempts, error.retryAfter), secondsTo(deferral.expiresAt, now))
    const { generation, attempts } = state
    return toTaskStep({ ...state, items: [], generation: generation + 1, attempts: attempts + 1 }, wait)
  }
}

// several requests: while another one is open, its task must be kept so that it can be cancelled
function mayRenew({ generation, items }: TaskState, { settings }: StepContext): boolean {
  const isOver = items.every(({ approval }) => approval)
  return (items.length <= 1 || isOver) && generation < (settings.accessRequest?.resubmit ?? 0)
}

async function request(state: TaskState, { answers }: Reevaluated, context: StepContext): Promise<TaskStep> {
  const { settings, deferral, ask, now } = context
  const isFirst = state.items.length === 0
  if (!isFirst && !mayRenew(state, context)) return denial(state, 'denied by the policy decision point')
  const metadata = await context.metadata()
  const generation = isFirst ? state.generation : state.generation + 1
  const items: Item[] = []
  for (const [index, { decision, context: reason }] of answers.entries()) {
    if (decision) continue
    const evaluation = state.evaluations[index]
    const isRequestable = evaluation && faultOf(reason as JsonObject, metadata, settings) === undefined
    const client = { id: deferral.clientId }
    const subject = { deferral: deferral.id, client, generation, now }
    const item =
      isRequestable && (await itemOf({ evaluation, context: reason, index }, subject, { metadata, settings, ask }))
    if (!item) return denial(state, 'denied by the policy decision point')
    items.push(item)
  }
  return toTaskStep({ ...state, items, generation, attempts: 0 }, 0)
}

function secondsTo(end: Date, now: Date): number {
  return Math.max(0, (end.getTime() - now.getTime()) / 1000)
}
