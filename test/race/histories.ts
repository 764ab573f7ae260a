import type { By } from 'oidc-provider-deferred'
import { type Answer, type RelyingParty, relyingParty } from '../support/relying_party.js'
import type { Call, Possibilities } from './linearizability.js'
import { created, type Event, lifetimeSeconds, type Model, next, outcome } from './model.js'
import type { Seed } from './seed.js'
import type { Troubled } from './troubled.js'

const names = [
  ...(['poll', 'poll', 'poll', 'approve', 'deny', 'cancel', 'withdraw', 'reuse', 'stranger', 'revoke', 'get'] as const),
  // any number of them succeed, so that a lost reply meets the writes of others
  ...(['extend', 'extend', 'extend', 'extend'] as const),
]

/** One thing somebody does at one of two nodes; `by` names who decides. */
export interface Op {
  name: (typeof names)[number]
  node: 0 | 1
  by: string
  /** what the Grant may have been during a poll or an exchange */
  grant?: { there: boolean; gone: boolean }
  /** another poll was under way at the same node */
  isDoubled?: boolean
}

export type Operation = Call<Op, string>

/** Six clients and reviewers at once do two things each. */
export async function history(at: Troubled, seed: Seed, random: () => number): Promise<Operation[]> {
  const operations: Operation[] = []
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T
  at.trouble.share = 0.15
  const actor = async (who: number) => {
    for (let turn = 0; turn < 2; turn++) {
      const op: Op = { name: pick(names), node: pick([0, 1]), by: `${who}.${turn}` }
      const start = performance.now()
      const answer = await perform(at, seed, op)
      operations.push({ op, start, end: performance.now(), answer })
    }
  }
  await Promise.all([0, 1, 2, 3, 4, 5].map(actor))
  at.trouble.share = 0
  return operations.map((operation) => inItsTime(operation, operations))
}

// the Grant is read, and a mint under way met, somewhere between start and end
function inItsTime(operation: Operation, all: Operation[]): Operation {
  const { op, start, end } = operation
  if (op.name !== 'poll' && op.name !== 'reuse') return operation
  const revocations = all.filter((other) => other.op.name === 'revoke')
  const grant = {
    there: revocations.every((other) => other.end > start),
    gone: revocations.some((other) => other.start < end),
  }
  const isDoubled = all.some(
    (other) =>
      other !== operation &&
      other.op.name === 'poll' &&
      other.op.node === op.node &&
      other.start < end &&
      other.end > start,
  )
  return { ...operation, op: { ...op, grant, isDoubled } }
}

// what was answered; `undefined`: a fault
async function perform(at: Troubled, seed: Seed, op: Op): Promise<string | undefined> {
  const { provider, origin } = at.nodes[op.node]
  const rp = relyingParty(origin)
  const { deferrals } = provider
  const { id } = seed
  switch (op.name) {
    case 'approve':
    case 'deny':
      return told(() => deferrals[op.name as 'approve' | 'deny'](id, { by: op.by }))
    case 'cancel':
      return told(() => deferrals.cancel(id))
    case 'extend':
      return told(() => deferrals.extend(id, { expiresIn: lifetimeSeconds }))
    case 'get':
      return told(async () => ({ deferral: (await deferrals.get(id))! }))
    case 'revoke':
      await at.adapter('Grant').destroy(seed.grantId)
      return 'done'
    default:
      return heard(await send(rp, relyingParty(origin, 'other'), seed, op.name))
  }
}

function send(rp: RelyingParty, stranger: RelyingParty, seed: Seed, name: Op['name']): Promise<Answer> {
  const { deferredAuthId, deferredCode } = seed
  if (name === 'withdraw') return rp.cancel(deferredAuthId)
  if (name === 'reuse') return rp.exchange(deferredCode)
  return name === 'stranger' ? stranger.cancel(deferredAuthId) : rp.poll(deferredAuthId)
}

function heard({ status, body }: Answer): string | undefined {
  if (status >= 500) return undefined
  if (status === 200) return body.access_token ? 'tokens' : 'done'
  return body.error
}

type Told = { changed?: boolean; deferral: { status: string; decision?: { by?: By } } }

async function told(call: () => Promise<Told>): Promise<string | undefined> {
  try {
    const { changed, deferral } = await call()
    return said(changed, deferral.status, deferral.decision?.by?.toString())
  } catch {
    return undefined
  }
}

const said = (changed: boolean | undefined, status: string, by = 'nobody') => `${changed ?? '-'} ${status} ${by}`

/** A deferral whose client polls. */
export const waiting = (status: 'pending' | 'approved'): Model => ({
  ...created(0),
  exchanged: true,
  status,
  ...(status === 'approved' && { by: 'seed' }),
})

/** What each of these may be answered, by the model. Time does not pass. */
export const possibilities: Possibilities<Model, Op, string> = (model, op) => {
  const after = (event: Event) => next(model, event, 0)
  const decided = (event: Event) => {
    const changed = after(event)
    const { status, by } = changed ?? model
    return [{ answer: said(changed !== undefined, status, by), after: changed ?? model }]
  }
  switch (op.name) {
    case 'poll':
      return polled(model, op)
    case 'approve':
    case 'deny':
      return decided({ name: op.name, by: op.by })
    case 'cancel':
      return decided({ name: 'cancel' })
    case 'extend':
      return decided({ name: 'extend', seconds: lifetimeSeconds })
    case 'get':
      return [{ answer: said(undefined, model.status, model.by), after: model }]
    case 'withdraw':
      return [{ answer: 'done', after: after({ name: 'cancel' }) ?? model }]
    case 'reuse':
      // one that fails another check changes nothing
      return [
        ...(op.grant?.there ? [{ answer: 'invalid_grant', after: after({ name: 'cancel' }) ?? model }] : []),
        ...(op.grant?.gone ? [{ answer: 'invalid_grant', after: model }] : []),
      ]
    case 'stranger':
    case 'revoke':
      return [{ answer: 'done', after: model }]
  }
}

function polled(model: Model, { grant, isDoubled }: Op): { answer: string; after: Model }[] {
  const answer = outcome(model, 0)
  if (answer !== 'redeem') return [{ answer, after: model }]
  return [
    ...(grant?.there ? [{ answer: 'tokens', after: next(model, { name: 'redeem' }, 0) as Model }] : []),
    ...(grant?.gone ? [{ answer: 'access_denied', after: model }] : []),
    ...(isDoubled ? [{ answer: 'authorization_pending', after: model }] : []),
  ]
}
