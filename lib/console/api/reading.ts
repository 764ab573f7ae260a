import type {
  Deferral,
  DeferralCount,
  DeferralListing,
  DeferralStats,
  ListedNotification,
  NotificationListing,
} from '../../index.js'
import { obstacleTo, readableDeferral, type Visit } from '../desk.js'
import {
  type OnlyReadable,
  onlyReadable,
  onlyReadableNotifications,
  type Page,
  readablePage,
} from '../readable_page.js'
import { revisionOf } from '../revision.js'
import { type Call, callUnchecked, type Operation } from './operation.js'
import { choice, count, flag, list, type Members, part, text, time } from './schema.js'

const orders = ['newest', 'oldest', 'due', 'expiring'] as const
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
export async function withPermission(visit: Visit, deferral: Deferral): Promise<object> {
  const obstacle = await obstacleTo(visit, visit.operator, deferral)
  return { ...deferral, mayDecide: obstacle === undefined, ...(obstacle !== undefined && { obstacle }) }
}

/** The page that the query names. A wrong place is for the back office to refuse. */
async function pageOf<T>(
  visit: Visit,
  { limit = 20, cursor, ...query }: Record<string, unknown>,
  read: (query: object) => Promise<Page<T>>,
  choose: OnlyReadable<T>,
): Promise<Page<T>> {
  const isPlace = typeof limit === 'number' && 1 <= limit && limit <= 100
  if (!isPlace) return read({ ...query, limit })
  const order = orders.find((name) => name === query.order)
  const place = { limit, ...(typeof cursor === 'string' && { cursor }) }
  return readablePage(visit, (other) => read({ ...query, ...other }), choose, place, order)
}

async function listDeferrals(call: Call) {
  const { visit } = call
  const { deferrals: office } = visit.desk
  const read = async (query: object): Promise<Page<Deferral>> => {
    const { deferrals, ...others }: DeferralListing = await callUnchecked(office, office.list, query)
    return { rows: deferrals, ...others }
  }
  const { rows, ...others } = await pageOf(visit, filterOf(call), read, onlyReadable)
  return { ...others, deferrals: await Promise.all(rows.map((deferral) => withPermission(visit, deferral))) }
}

/** Finds a deferral that the operator may read. */
export async function findReadable(visit: Visit, id: string) {
  return (await readableDeferral(visit, id)) ?? visit.ctx.throw(404, 'there is no such deferral')
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
  const { notifications: office } = visit.desk.deferrals
  const read = async (query: object): Promise<Page<ListedNotification>> => {
    const { notifications, ...others }: NotificationListing = await callUnchecked(office, office.list, query)
    return { rows: notifications, ...others }
  }
  const { rows, ...others } = await pageOf(visit, input, read, onlyReadableNotifications)
  return { ...others, notifications: rows }
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
      order: choice(orders, 'newest without it'),
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
