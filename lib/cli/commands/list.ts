import type { Deferral, ListQuery } from '../../index.js'
import type { Command } from '../command.js'
import { officeOf } from '../deployment.js'
import { exitCodes } from '../failure.js'
import { distance } from '../times.js'
import type { Values } from '../values.js'

const heads = ['ID', 'STATUS', 'CREATED', 'DUE', 'CLIENT', 'ACCOUNT', 'QUEUE', 'ASSIGNEE', 'TITLE']

/** One page of deferrals. */
export const list: Command = {
  says: 'list deferrals, newest first',
  options: {
    status: {
      value: 'STATUS',
      isList: true,
      says: 'pending, approved, denied, cancelled, redeemed or expired; repeatable',
    },
    queue: { value: 'NAME', says: 'of this queue' },
    client: { value: 'ID', says: 'of this client' },
    account: { value: 'ID', says: 'of this account' },
    assignee: { value: 'NAME', says: 'assigned to this name, empty: to nobody' },
    text: { value: 'TEXT', says: 'whose title, id, client or account begins with it' },
    overdue: { says: 'pending ones that should have been decided' },
    order: { value: 'ORDER', says: 'newest, oldest, due or expiring' },
    limit: { value: 'NUMBER', kind: 'number', says: '1 to 100, instead of 20' },
    cursor: { value: 'CURSOR', says: 'goes on after another page' },
  },
  async run({ values, deployment, terminal }) {
    const office = await officeOf(deployment)
    const listing = await office.list(queryOf(values))
    const now = new Date()
    terminal.result(listing, () =>
      listing.deferrals.length
        ? terminal.table(
            heads,
            listing.deferrals.map((deferral) => rowOf(deferral, now)),
          )
        : ['no deferral matches'],
    )
    if (listing.cursor !== undefined && !terminal.isJson) terminal.note(`There are more: --cursor ${listing.cursor}`)
    return exitCodes.done
  },
}

// a wrong word is refused by `list`, which names those that it knows
function queryOf(values: Values): ListQuery {
  const assignee = values.text('assignee')
  const members = {
    status: values.texts('status'),
    queue: values.text('queue'),
    clientId: values.text('client'),
    accountId: values.text('account'),
    assignee: assignee === '' ? null : assignee,
    text: values.text('text'),
    overdue: values.flag('overdue') || undefined,
    order: values.text('order'),
    limit: values.number('limit'),
    cursor: values.text('cursor'),
  }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function rowOf(deferral: Deferral, now: Date): string[] {
  const { id, createdAt, dueAt, clientId, accountId = '', queue = '', assignee, title = '' } = deferral
  const due = dueAt && deferral.status === 'pending' ? distance(dueAt, now) : ''
  return [id, statusOf(deferral), distance(createdAt, now), due, clientId, accountId, queue, assignee?.to ?? '', title]
}

/** The status in words. */
export function statusOf({ status, expired, overdue }: Deferral): string {
  if (expired && (status === 'pending' || status === 'approved')) return 'expired'
  return overdue ? `${status}, overdue` : status
}
