/*
 * The members that select deferrals, for `list` and `count`.
 */
import type { Profile } from '../deferral/deferral.js'
import { listedStatuses } from '../deferral/listing.js'
import type { DeferralFilter, ListedStatus, ListOrder } from '../deferral/queries.js'
import {
  boolean,
  type Check,
  date,
  type Members,
  oneOf,
  optional,
  personName,
  refuse,
  string,
  textOf,
} from '../deferral/shape.js'

/** Selects deferrals. They match every member. */
export interface ListFilter {
  /** one or several; without it all, `expired` ones too */
  status?: ListedStatus | readonly ListedStatus[]
  queue?: string
  /** assigned to this name, `null`: to nobody; pending ones only */
  assignee?: string | null
  clientId?: string
  accountId?: string
  grantType?: string
  profile?: Profile
  /** 1 to 200 characters with which the title, the id, the client or the account begins; pending ones only */
  text?: string
  /** created at this time or later */
  createdAfter?: Date
  /** created before this time */
  createdBefore?: Date
  /** expiring before this time */
  expiresBefore?: Date
  /** `true`: pending ones past their `dueAt`; `false` selects nothing out */
  overdue?: boolean
}

type CheckedFilter = Omit<ListFilter, 'status'> & { status?: ListedStatus[] }

const status = oneOf(listedStatuses)
const statuses: Check<ListedStatus[]> = (value, at) => {
  if (!Array.isArray(value)) return [status(value, at)]
  if (value.length === 0) refuse(at, 'must have at least one status')
  return [...new Set(Array.from(value, (name, index) => status(name, `${at}[${index}]`)))]
}
const assignee: Check<string | null> = (value, at) => (value === null ? null : personName(value, at))

/** The checks of these members. */
export const filterMembers = {
  status: optional(statuses),
  queue: optional(string),
  assignee: optional(assignee),
  clientId: optional(string),
  accountId: optional(string),
  grantType: optional(string),
  profile: optional(oneOf(['openid', 'oauth'] satisfies Profile[])),
  text: optional(textOf(200)),
  createdAfter: optional(date),
  createdBefore: optional(date),
  expiresBefore: optional(date),
  overdue: optional(boolean),
} satisfies Members<CheckedFilter>

/** The filter that a store takes. A `TypeError` if the status contradicts another member. */
export function selectionOf(
  method: string,
  { overdue, ...filter }: CheckedFilter,
  order?: ListOrder,
): Omit<DeferralFilter, 'issuer'> {
  const { status, ...others } = filter
  const statuses = statusesOf(
    `${method}: status`,
    status,
    limitationOf({ ...others, overdue: overdue === true }, order),
  )
  return { ...others, ...(statuses && { status: statuses }), ...(overdue && { overdue }) }
}

interface Limitation {
  member: string
  statuses: ListedStatus[]
}

/** The member that selects certain statuses only. */
function limitationOf(
  { assignee, text, overdue }: CheckedFilter,
  order: ListOrder | undefined,
): Limitation | undefined {
  const pending: ListedStatus[] = ['pending']
  if (assignee !== undefined) return { member: 'assignee', statuses: pending }
  if (text !== undefined) return { member: 'text', statuses: pending }
  if (overdue) return { member: 'overdue', statuses: pending }
  if (order === 'due') return { member: 'order due', statuses: pending }
  if (order === 'expiring') return { member: 'order expiring', statuses: ['pending', 'approved'] }
  return undefined
}

function statusesOf(
  at: string,
  given: ListedStatus[] | undefined,
  limitation: Limitation | undefined,
): ListedStatus[] | undefined {
  if (!limitation) return given
  const { member, statuses } = limitation
  const other = given?.find((name) => !statuses.includes(name))
  if (other) refuse(at, `must not be ${other} with ${member}, only ${statuses.join(' and ')} ones have a place there`)
  return given ?? statuses
}
