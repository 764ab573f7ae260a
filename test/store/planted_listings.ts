import type { DeferralQuery, DeferralStore, ListedRecord, QueueStats } from 'oidc-provider-deferred'
import { assigneeOf } from '../../lib/deferral/assignment_transitions.js'
import { listOrders } from '../../lib/deferral/listing.js'
import type { Planted } from './planted_stores.js'

const testOf = {
  queue: 'list and count filter by queue',
  grantId: 'list and count filter by Grant',
  grantType: 'list and count filter by Grant',
  profile: 'list and count filter by Grant',
  assignee: 'list and count filter by assignee',
  text: 'list and count find the beginning',
  createdAfter: 'list and count filter by the times',
  expiresBefore: 'list and count filter by the times',
  overdue: 'list and count filter those past',
}

/** Stores with a fault in `list`, `count`, `stats` or `due`, and the tests of the contract that each has to fail. */
export const plantedListings: Record<string, { planted: Planted; fails: string[] }> = {
  'that forgets whose deferrals it lists': {
    planted: (inner) => ({
      list: async ({ issuer, ...query }, now) => {
        const all = await Promise.all([issuer, `${issuer}/`].map((of) => inner.list({ ...query, issuer: of }, now)))
        return all.flat()
      },
    }),
    fails: ['list, count and due return nothing of another issuer'],
  },
  'that pages by the instant alone': {
    planted: (inner) => ({
      due: ({ after, ...query }, now) =>
        inner.due({ ...query, after: after && { wakeAt: after.wakeAt, id: '~' } }, now),
      list: ({ after, ...query }, now) => inner.list({ ...query, ...(after && { after: { ...after, id: '' } }) }, now),
    }),
    fails: ['list comes newest first', 'due comes earliest first'],
  },
  'that counts what has expired as pending': {
    planted: (inner) => ({ count: (query) => inner.count(query, new Date(0)) }),
    fails: ['list and count filter by status'],
  },
  ...Object.fromEntries(
    (
      [
        'queue',
        'grantId',
        'grantType',
        'profile',
        'assignee',
        'text',
        'createdAfter',
        'expiresBefore',
        'overdue',
      ] as const
    ).map((name) => [`that does not filter by ${name}`, { planted: without(name), fails: [testOf[name]] }]),
  ),
  ...Object.fromEntries(
    listOrders.slice(1).map((order) => [
      `that does not have the order ${order}`,
      {
        planted: listing(
          (list) =>
            ({ order: wanted, ...query }, now) =>
              list({ ...query, ...(wanted && wanted !== order && { order: wanted }) }, now),
        ),
        fails: ['list comes in every order', 'list and count take every filter together'],
      },
    ]),
  ),
  'that takes a text for a pattern': {
    planted: searching((text) => {
      const pattern = new RegExp(`^${text}`, 'i')
      return (value) => pattern.test(value)
    }),
    fails: ['a text to search is never a pattern', 'list and count find the beginning'],
  },
  'that finds a text anywhere': {
    planted: searching((text) => (value) => value.toLowerCase().includes(text.toLowerCase())),
    fails: ['list and count find the beginning'],
  },
  'that compares a text letter by letter': {
    planted: searching((text) => (value) => value.startsWith(text)),
    fails: ['list and count find the beginning'],
  },
  'that forgets when an assignment ends': {
    planted: everyPage(({ assignee }, rows) =>
      assignee === undefined ? rows : rows.filter((row) => (row.assignee?.to ?? null) === assignee),
    ),
    fails: ['list and count filter by assignee'],
  },
  'that forgets who has no assignee': {
    planted: everyPage(({ assignee }, rows, now) =>
      assignee === null ? rows.filter((row) => assigneeOf(row, now) === undefined && !row.assignee) : rows,
    ),
    fails: ['list and count filter by assignee'],
  },
  'that takes the position of a page for a number of records': {
    planted: listing((list) => {
      let read = 0
      return async ({ after, ...query }, now) => {
        read = after ? read : 0
        const rows = (await list({ ...query, limit: 1000 }, now)).slice(read, read + query.limit)
        read += rows.length
        return rows
      }
    }),
    fails: ['list loses and doubles nothing'],
  },
  'that puts those without a due time first': {
    planted: listing((list) => async (query, now) => {
      const rows = await list(query, now)
      const withoutTime = query.order === 'due' ? rows.filter(({ dueAt }) => !dueAt) : []
      return [...withoutTime, ...rows.filter((row) => !withoutTime.includes(row))]
    }),
    fails: ['the order due is earliest first', 'list comes in every order'],
  },
  'that orders by the due time of the creation': {
    planted: (inner) => ({
      swap: (before, change, ...rest) =>
        inner.swap(before, { ...change, after: { ...change.after, ...dueAtOf(before) } }, ...rest),
    }),
    fails: ['the order due is earliest first'],
  },
  'that returns the history always': {
    planted: listing((list) => (query, now) => list({ ...query, history: true }, now)),
    fails: ['list returns each record with its history'],
  },
  'that never returns the history': {
    planted: listing(
      (list) =>
        ({ history, ...query }, now) =>
          list(query, now),
    ),
    fails: ['list returns each record with its history'],
  },
  'that sums up all queues together': {
    planted: summing((rows) => rows.map(({ queue, ...row }) => row)),
    fails: ['stats has one row'],
  },
  'that sums up no deferral without a queue': {
    planted: summing((rows) => rows.filter(({ queue }) => queue !== undefined)),
    fails: ['stats has one row'],
  },
  'that sums up nothing as overdue': {
    planted: summing((rows) => rows.map((row) => ({ ...row, overdue: 0 }))),
    fails: ['stats has one row'],
  },
  'that sums up what has expired, too': {
    planted: (inner) => ({ stats: (query) => inner.stats(query, new Date(0)) }),
    fails: ['stats has one row'],
  },
}

type List = DeferralStore['list']

function listing(planted: (list: List) => List): Planted {
  return (inner) => ({ list: planted(inner.list) })
}

function summing(planted: (rows: QueueStats[]) => QueueStats[]): Planted {
  return (inner) => ({ stats: async (query, now) => planted(await inner.stats(query, now)) })
}

function without(name: keyof typeof testOf): Planted {
  return listing(
    (list) =>
      ({ [name]: _ignored, ...query }, now) =>
        list(query as DeferralQuery, now),
  )
}

/** Filters what the store lists without this filter. */
function everyPage(filter: (query: DeferralQuery, rows: ListedRecord[], now: Date) => ListedRecord[]): Planted {
  return listing((list) => async ({ assignee, ...query }, now = new Date()) => {
    const rows = await list(query, now)
    return filter({ ...query, ...(assignee !== undefined && { assignee }) }, rows, now)
  })
}

function searching(matcherOf: (text: string) => (value: string) => boolean): Planted {
  return listing((list) => async ({ text, ...query }, now) => {
    const rows = await list(query, now)
    if (text === undefined) return rows
    const isFound = matcherOf(text)
    return rows.filter(({ title = '', id, clientId, accountId = '' }) => [title, id, clientId, accountId].some(isFound))
  })
}

const dueAtOf = ({ dueAt }: { dueAt?: Date }) => ({ ...(dueAt && { dueAt }) })
