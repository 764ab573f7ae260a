import type { DeferralRecord, DeferralStore, HistoryEntry } from 'oidc-provider-deferred'
import { expect } from 'vitest'
import { Deferrals } from '../../lib/back_office/deferrals.js'
import { newHandle, newId } from '../../lib/deferral/handle.js'
import { type Records, recordsOf } from '../../lib/deferral/records.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import type { Transition } from '../../lib/deferral/transition.js'
import type { Minted } from '../../lib/deferral/transitions.js'
import * as to from '../../lib/deferral/transitions.js'
import { losing, ways } from '../store/lost_replies.js'
import { at } from '../store/new_deferral.js'
import { issuer } from '../support/records.js'
import { codeSeconds, created, dueSeconds, endUser, lifetimeSeconds, next, scopes } from './model.js'
import type { Step } from './model_steps.js'
import type { Event, Model } from './model_types.js'

/** The back office on this store, at this time. */
function officeOn(store: DeferralStore, now: number): { office: Deferrals; records: Records } {
  const records = recordsOf(store, { issuer, retention: 86_400, clock: () => at(now), onWritten: () => {} })
  const office = new Deferrals({ records, narrowing: {}, grantExpiry: async () => undefined, close: async () => {} })
  return { office, records }
}

/** Whether the event changed anything, or the name of its error. */
function perform(store: DeferralStore, id: string, event: Event, now: number): Promise<string> {
  return call(store, id, event, now).then(
    ({ changed }) => (changed ? 'changed' : 'unchanged'),
    (error: Error) => error.name,
  )
}

async function call(store: DeferralStore, id: string, event: Event, now: number): Promise<{ changed: boolean }> {
  const { office, records } = officeOn(store, now)
  switch (event.name) {
    case 'approve': {
      const { name, until, ...approval } = event
      return office.approve(id, { ...approval, ...(until !== undefined && { until: at(until) }) })
    }
    case 'unvote':
    case 'deny':
    case 'cancel':
      return office[event.name](id, { by: event.by })
    case 'erase': {
      const { erased } = await office.erase({ id }, { by: event.by })
      return { changed: erased > 0 }
    }
    case 'comment':
      return office.comment(id, { by: event.by, text: 'a comment' })
    case 'assign': {
      const { name, seconds: lease, ...assignment } = event
      return office.assign(id, { ...assignment, for: lease })
    }
    case 'unassign':
    case 'resume':
      return office[event.name](id)
    case 'progress':
      return office.progress(id, { step: event.step })
    case 'requireInteraction':
      return office.requireInteraction(id, { uri: 'https://op.example/confirm' })
    case 'extend':
      return office.extend(id, { expiresIn: event.seconds })
    case 'advance':
      return { changed: true }
    default: {
      const transition = await transitionOf(records, id, event.name)
      return { changed: (await records.transit(id, transition)) !== undefined }
    }
  }
}

/** What the client and the sweep do. */
async function transitionOf(
  records: Records,
  id: string,
  name: 'exchange' | 'redeem' | 'expire' | 'noteOverdue',
): Promise<Transition> {
  if (name === 'exchange') return to.exchange({ handleHash: newHandle('deferral_code', id).hash })
  if (name !== 'redeem') return name === 'expire' ? sweeps.expire : sweeps.noteOverdue
  // tokens are minted from what is there
  const { decision = {}, decidedAt = at(0) } = { ...(await records.find(id)) } as Partial<Minted>
  return to.redeem({ decision, decidedAt })
}

const secondsOf = (date: Date) => (date.getTime() - at(0).getTime()) / 1000

const namesIn = (names: unknown): string[] => [names].flat() as string[]

/** The history in the terms of the model. */
const inTermsOfEntries = (history: HistoryEntry[]) =>
  history
    .filter(({ event }) => event !== 'noted')
    .map(({ event, by: names, votes: count, quorum }) => [
      event,
      ...(names === undefined ? [] : [namesIn(names)]),
      ...(quorum === undefined ? [] : [event === 'voted' ? `${count} of ${quorum}` : `of ${quorum}`]),
    ])

/** The record in the terms of the model. */
function inTerms(record: DeferralRecord): Omit<Model, 'history' | 'assignee' | 'step'> {
  const {
    status,
    quorum = 1,
    exchangedAt,
    expiresAt,
    dueAt,
    votes: cast = [],
    interaction,
    expiredAt,
    overdueAt,
    erasedAt,
  } = record
  const decision = 'decision' in record ? record.decision : undefined
  const approval = ({ by: names, scope, until }: NonNullable<typeof decision>) => ({
    ...(names !== undefined && { by: namesIn(names) }),
    ...(scope && { scope: scopes.filter((name) => scope.includes(name)) }),
    ...(until && { until: secondsOf(until) }),
  })
  return {
    ...{ status, quorum, exchanged: exchangedAt !== undefined, endsAt: secondsOf(expiresAt), dueAt: secondsOf(dueAt!) },
    votes: cast.map((one) => ({ ...approval(one), by: namesIn(one.by) })),
    ...(decision && { granted: approval(decision) }),
    ...{ asks: interaction !== undefined, swept: expiredAt !== undefined, overdue: overdueAt !== undefined },
    erased: erasedAt !== undefined,
  }
}

/** Where the steps are played. */
export interface Trial {
  store: DeferralStore
  /** spoils the store through which the events happen */
  spoil: (store: DeferralStore) => DeferralStore
  /** what was met: an event and its outcome */
  met: Set<string>
}

/** Store and model go through the same steps; they must agree on every outcome, on what is there and on the whole history. */
export async function agree({ store, spoil, met }: Trial, quorum: number, history: Step[]): Promise<void> {
  const id = newId()
  const request = {
    id,
    profile: 'oauth' as const,
    clientId: 'client',
    accountId: endUser,
    scope: scopes,
    resource: [],
    source: {},
    interval: 5,
  }
  const terms = { lifetime: lifetimeSeconds, expiresIn: codeSeconds, dueIn: dueSeconds, quorum }
  await officeOn(store, 0).records.create({ ...request, ...terms })
  let model = created(quorum)
  let now = 0
  for (const { lost, ...event } of history) {
    if (event.name === 'advance') now += event.seconds
    const outcome = next(model, event, now)
    const result = await perform(spoil(lost ? losing(store, ways[lost]).lossy : store), id, event, now)
    expect([event.name, result]).toEqual([event.name, typeof outcome === 'string' ? outcome : 'changed'])
    met.add(`${event.name} ${result}`)
    if (lost && result === 'changed') met.add(`${event.name} lost`)
    if (typeof outcome !== 'string') model = outcome
    await compare(store, id, model, now)
  }
}

async function compare(store: DeferralStore, id: string, model: Model, now: number): Promise<void> {
  const { office, records } = officeOn(store, now)
  const { history: entries, assignee, step, ...facts } = model
  expect(inTerms((await records.find(id))!)).toEqual(facts)
  const deferral = await office.get(id)
  expect(inTermsOfEntries(deferral!.history)).toEqual(entries)
  const isShown = facts.status === 'pending' && now < facts.endsAt && assignee && assignee.until > now
  expect(deferral?.assignee?.to).toBe(isShown ? assignee.to : undefined)
  expect(deferral?.progress?.step).toBe(step)
}
