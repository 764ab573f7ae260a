import type { Deferral, ListQuery } from '../index.js'
import type { Operator } from './options.js'
import { type ShownStatus, statusNames } from './words.js'

/** The orders of the queue, in words. */
export const orders = {
  due: 'Due first',
  expiring: 'Expiring first',
  oldest: 'Oldest first',
  newest: 'Newest first',
} as const

/** The ages to filter by, and the words for them. */
export const ages = { hour: 'an hour', day: 'a day', week: 'a week' } as const
const secondsOf = { hour: 3600, day: 86_400, week: 604_800 } as const

/** Whose a request is, and the words for it. */
export const assignees = { mine: 'Mine', nobody: "Nobody's" } as const

/** What the queue shows. All of it is in the URL. */
export interface Filter {
  status: ShownStatus | 'all'
  order?: keyof typeof orders
  queue?: string
  client?: string
  person?: string
  kind?: string
  /** older than this */
  age?: keyof typeof ages
  /** not older than this */
  younger?: keyof typeof ages
  /** only with `status: 'pending'` */
  assignee?: keyof typeof assignees
  /** only with `status: 'pending'` */
  text?: string
}

const names = ['status', 'order', 'queue', 'client', 'person', 'kind', 'age', 'younger', 'assignee', 'text'] as const
const ofPending: readonly string[] = ['assignee', 'text']
const longest = 200

function oneOf<T extends string>(values: Readonly<Record<T, unknown>>, value: string | undefined): T | undefined {
  const keys = Object.keys(values) as T[]
  return keys.find((key) => key === value)
}

/** The orders that a list of this status has. */
export function ordersOf(status: Filter['status']): (keyof typeof orders)[] {
  if (status === 'pending') return ['due', 'expiring', 'oldest', 'newest']
  return status === 'approved' ? ['expiring', 'oldest', 'newest'] : ['oldest', 'newest']
}

/** Reads the filter from a query. What it does not understand it leaves out. */
export function parseFilter(query: URLSearchParams): Filter {
  const value = (name: string) => query.get(name)?.trim().slice(0, longest) || undefined
  const status = value('status') === 'all' ? 'all' : (oneOf(statusNames, value('status')) ?? 'pending')
  const order = oneOf(orders, value('order'))
  const members = {
    order: order && ordersOf(status).includes(order) ? order : undefined,
    queue: value('queue'),
    client: value('client'),
    person: value('person'),
    kind: value('kind'),
    age: oneOf(ages, value('age')),
    younger: oneOf(ages, value('younger')),
    ...(status === 'pending' && { assignee: oneOf(assignees, value('assignee')), text: value('text') }),
  }
  const present = Object.entries(members).filter(([, member]) => member !== undefined)
  return { status, ...Object.fromEntries(present) }
}

/** The query of a URL with this filter; '' for the plain queue. */
export function searchOf(filter: Filter, others: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = filter[name]
    if (value !== undefined && !(name === 'status' && value === 'pending')) query.set(name, value)
  }
  for (const [name, value] of Object.entries(others)) if (value !== undefined) query.set(name, value)
  return query.size > 0 ? `?${query}` : ''
}

/** Whether the filter asks for more than a status. */
export function isNarrowed({ status, order, ...others }: Filter): boolean {
  return Object.keys(others).length > 0
}

/** The same filter for another status: without what that status does not have. */
export function withStatus(filter: Filter, status: Filter['status']): Filter {
  const kept = Object.entries(filter).filter(([name]) => status === 'pending' || !ofPending.includes(name))
  const { order, ...others } = Object.fromEntries(kept) as Partial<Filter>
  return { ...others, status, ...(order && ordersOf(status).includes(order) && { order }) }
}

/** The query of the back office. */
export function listQuery(filter: Filter, { id }: Operator, now: Date): ListQuery {
  const { status, order, queue, client, person, kind, age, younger, assignee, text } = filter
  const preset = status === 'pending' ? 'due' : 'newest'
  return {
    order: order ?? preset,
    ...(status !== 'all' && { status }),
    ...(queue && { queue }),
    ...(client && { clientId: client }),
    ...(person && { accountId: person }),
    ...(kind && (kind === 'openid' ? { profile: 'openid' } : { grantType: kind })),
    ...(age && { createdBefore: new Date(now.getTime() - secondsOf[age] * 1000) }),
    ...(younger && { createdAfter: new Date(now.getTime() - secondsOf[younger] * 1000) }),
    ...(assignee && { assignee: assignee === 'mine' ? id : null }),
    ...(text && { text }),
  }
}

/** Whether this is an id of a deferral. */
export function isId(value: string | undefined): value is Deferral['id'] {
  return value !== undefined && /^[\w-]{22}$/.test(value)
}
