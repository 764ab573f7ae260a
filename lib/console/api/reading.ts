import type { Deferral, DeferralCount, DeferralListing, DeferralStats, NotificationListing } from '../../index.js'
import { isReadable, obstacleTo, readableDeferral, type Visit } from '../desk.js'
import { revisionOf } from '../revision.js'
import { type Call, callUnchecked, type Operation } from './operation.js'
import { choice, count, flag, list, type Members, part, text, time } from './schema.js'

const statuses = ['pending', 'approved', 'denied', 'cancelled', 'redeemed', 'expired']

const filter: Members = {
  status: list(choice(statuses), 'repeat it for several'),
  queue: text(),
  assignee: text('assigned to this operator; pending ones only'),
  unassigned: flag('true: assigned to nobody; pending ones only'),
  clientId: text(),
  accountId: text(),
  grantType: text(),
  profile: choice(['openid', 'oauth']),
  text: text('with which title, id, client or account begins; pending ones only', { minLength: 1, maxLength: 200 }),
  createdAfter: time(),
  createdBefore: time(),
  expiresBefore: time(),
  overdue: flag('true: pending ones past their due time'),
}

const page: Members = {
  cursor: text('cursor of the page before'),
  limit: count('20 without it', { minimum: 1, maximum: 100 }),
}

/** The filter as the back office takes it. */
function filterOf({ visit, input: { unassigned, ...input } }: Call): Record<string, unknown> {
  if (unassigned === true && input.assignee !== undefined) {
    visit.ctx.throw(400, 'assignee must not be sent together with unassigned')
  }
  return unassigned === true ? { ...input, assignee: null } : input
}

/** A deferral, and whether this operator may decide it. */
export async function withPermission({ desk, operator }: Visit, deferral: Deferral): Promise<object> {
  const obstacle = await obstacleTo(desk, operator, deferral)
  return { ...deferral, mayDecide: obstacle === undefined, ...(obstacle !== undefined && { obstacle }) }
}

async function listDeferrals(call: Call) {
  const { visit } = call
  const { desk, operator } = visit
  const { deferrals: office } = desk
  const listing: DeferralListing = await callUnchecked(office, office.list, filterOf(call))
  const readable = await Promise.all(listing.deferrals.map((deferral) => isReadable(desk, operator, deferral)))
  const deferrals = listing.deferrals.filter((_, index) => readable[index])
  return { ...listing, deferrals: await Promise.all(deferrals.map((deferral) => withPermission(visit, deferral))) }
}

/** Finds a deferral that the operator may read. */
export async function findReadable({ ctx, desk, operator }: Visit, id: string) {
  return (await readableDeferral(desk, operator, id)) ?? ctx.throw(404, 'there is no such deferral')
}

async function getDeferral({ visit, id }: Call) {
  const deferral = await findReadable(visit, id)
  visit.ctx.set('ETag', `"${revisionOf(deferral)}"`)
  return withPermission(visit, deferral)
}

/** Nobody learns how much there is that they may not read. */
function assertCountable({ ctx, desk }: Visit): void {
  if (desk.options.mayRead) ctx.throw(403, 'nothing is counted here: some deferrals are hidden from some operators')
}

async function countDeferrals(call: Call): Promise<DeferralCount> {
  assertCountable(call.visit)
  const { deferrals: office } = call.visit.desk
  return callUnchecked(office, office.count, filterOf(call))
}

async function readStats({ visit }: Call): Promise<DeferralStats> {
  assertCountable(visit)
  return visit.desk.deferrals.stats()
}

async function listNotifications({ visit, input }: Call): Promise<NotificationListing> {
  const { desk, operator } = visit
  const office = desk.deferrals.notifications
  const listing: NotificationListing = await callUnchecked(office, office.list, input)
  if (!desk.options.mayRead) return listing
  const readable = await Promise.all(listing.notifications.map(({ id }) => readableDeferral(desk, operator, id)))
  return { ...listing, notifications: listing.notifications.filter((_, index) => readable[index] !== undefined) }
}

/** The calls that read. */
export const readingOperations: readonly Operation[] = [
  {
    name: 'listDeferrals',
    method: 'GET',
    path: '/deferrals',
    summary: 'A page of the deferrals that you may read. It may have fewer entries than limit, and yet a next page',
    query: {
      ...filter,
      order: choice(['newest', 'oldest', 'due', 'expiring'], 'newest without it'),
      history: flag('true: each with its history'),
      ...page,
    },
    answer: part('Deferrals'),
    refusals: [400],
    run: listDeferrals,
  },
  {
    name: 'getDeferral',
    method: 'GET',
    path: '/deferrals/{id}',
    summary: 'One deferral with its history. ETag names what it is now: send it as If-Match with a decision',
    answer: part('Deferral'),
    refusals: [400, 404],
    run: getDeferral,
  },
  {
    name: 'countDeferrals',
    method: 'GET',
    path: '/count',
    summary: 'Counts by status, each up to 10,000. Not where mayRead hides deferrals',
    query: filter,
    answer: part('Count'),
    refusals: [400],
    run: countDeferrals,
  },
  {
    name: 'readStats',
    method: 'GET',
    path: '/stats',
    summary: 'How many are pending and overdue, in all and by queue. Not where mayRead hides deferrals',
    answer: part('Stats'),
    refusals: [400],
    run: readStats,
  },
  {
    name: 'listNotifications',
    method: 'GET',
    path: '/notifications',
    summary: 'A page of notifications, those of the newest deferrals first',
    query: { status: choice(['waiting', 'owed', 'delivered', 'failed', 'suppressed']), ...page },
    answer: part('Notifications'),
    refusals: [400],
    run: listNotifications,
  },
]
