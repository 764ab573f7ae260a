import type { Document } from 'mongodb'
import { listedStatuses } from '../../../lib/deferral/listing.js'
import { notificationStatuses } from '../../../lib/deferral/notification.js'
import type { DeferralFilter, ListedStatus, ListOrder } from '../../../lib/deferral/queries.js'
import { documentOf } from '../../support/many_deferrals.js'
import { issuer } from '../../support/records.js'

/** A filter, an order, and the index that serves them. */
export type Case = [filter: Omit<DeferralFilter, 'issuer'>, order: ListOrder, index: string]

/** The size of a page. */
export const limit = 20
const start = Date.now() - 86_400_000
const minutesLater = (minutes: number) => new Date(start + minutes * 60_000)
const createdAfter = minutesLater(300)
const createdBefore = minutesLater(900)
export const pending: ListedStatus[] = ['pending']
const mine = { queue: 'mine', clientId: 'mine', accountId: 'mine' }

const inBothOrders = (filter: Omit<DeferralFilter, 'issuer'>, index: string): Case[] => [
  [filter, 'newest', index],
  [filter, 'oldest', index],
]

/** Each documented combination, and the index that serves it. */
export const served: Case[] = [
  ...inBothOrders({}, 'by_phase'),
  ...inBothOrders({ createdAfter, createdBefore }, 'by_phase'),
  ...inBothOrders({ status: ['pending', 'approved'] }, 'by_phase'),
  ...inBothOrders({ status: ['denied', 'cancelled', 'redeemed'] }, 'by_phase'),
  ...inBothOrders({ status: ['expired', 'approved', 'pending'], createdAfter }, 'by_phase'),
  ...(['queue', 'clientId', 'accountId'] as const).flatMap((name) => {
    const [filter, index] = [{ [name]: 'mine' }, { queue: 'by_queue', clientId: 'by_client', accountId: 'by_account' }]
    const alone = inBothOrders(filter, index[name])
    const each = listedStatuses.flatMap((status) => inBothOrders({ ...filter, status: [status] }, index[name]))
    return [...alone, ...each.filter(([{ status }]) => status?.[0] !== 'expired')]
  }),
  ...listedStatuses
    .filter((status) => status !== 'expired')
    .flatMap((status) => inBothOrders({ status: [status] }, 'by_phase')),
  ...inBothOrders({ status: pending, assignee: 'mine' }, 'by_assignee'),
  ...([...notificationStatuses, 'any'] as const).flatMap((each) =>
    inBothOrders({ notification: each }, 'by_notification'),
  ),
  ...inBothOrders({ grantId: 'mine' }, 'by_grant'),
  [{ status: pending }, 'due', 'by_due'],
  [{ status: pending, overdue: true }, 'due', 'by_due'],
  [{ status: pending, queue: 'mine' }, 'due', 'by_queue_due'],
  [{ status: pending, queue: 'mine', overdue: true }, 'due', 'by_queue_due'],
  [{ status: pending }, 'expiring', 'by_expiry'],
  [{ status: ['approved'] }, 'expiring', 'by_expiry'],
  [{ status: ['pending', 'approved'] }, 'expiring', 'by_expiry'],
  [{ status: pending, expiresBefore: minutesLater(20_000) }, 'expiring', 'by_expiry'],
]

/** These read the open deferrals of their index: the pending ones, and with some orders and statuses the approved ones. */
export const scanned: Case[] = [
  [{ status: ['expired'] }, 'newest', 'by_phase'],
  [{ status: ['expired'], ...mine }, 'newest', 'by_account'],
  [{ status: pending, text: 'Rare' }, 'newest', 'by_phase'],
  [{ status: pending, text: 'Rare' }, 'due', 'by_due'],
  [{ status: pending, assignee: null }, 'oldest', 'by_phase'],
  [{ status: pending, assignee: 'mine' }, 'due', 'by_due'],
  [{ status: pending, grantType: 'rare' }, 'newest', 'by_phase'],
  [{ status: pending, profile: 'openid' }, 'due', 'by_due'],
  [{ status: pending, overdue: true }, 'newest', 'by_phase'],
  [{ status: pending, expiresBefore: minutesLater(20_000) }, 'newest', 'by_phase'],
  [{ status: pending, createdAfter }, 'due', 'by_due'],
  [{ status: pending, queue: 'mine' }, 'expiring', 'by_expiry'],
  [{ status: pending, clientId: 'mine' }, 'due', 'by_due'],
  [{ status: pending, accountId: 'mine' }, 'expiring', 'by_expiry'],
  [{ status: pending, queue: 'mine', clientId: 'mine' }, 'newest', 'by_client'],
]

/** The nth of many deferrals: of every third the members are `mine`, but each status and member has enough others in its way. */
export function one(nth: number): Document & { _id: string } {
  const status = listedStatuses[nth % 6] as ListedStatus
  const own = (nth / 6) % 10 < 1
  const other = (name: string) => `${name} ${nth % 7}`
  const notification = {
    status: notificationStatuses[nth % notificationStatuses.length],
    notBefore: new Date(),
    attempts: 0,
    fence: 0,
  }
  const isUnswept = nth % 600 < 2
  return documentOf({
    issuer,
    status,
    createdAt: minutesLater(nth % 1200),
    request: {
      clientId: own ? 'mine' : other('client'),
      accountId: own ? 'mine' : other('account'),
      queue: own ? 'mine' : other('queue'),
      grantId: nth % 50 === 0 ? 'mine' : other('grant'),
      profile: nth % 90 === 0 ? 'openid' : 'oauth',
      grantType: nth % 120 === 0 ? 'rare' : 'authorization_code',
      title: nth % 120 === 0 ? `rare ${nth}` : `a title ${nth}`,
      expiresIn: isUnswept ? 60 : 500_000 + nth,
      ...(nth % 4 < 2 && { dueIn: 3600 * (nth % 40) }),
    },
    members: {
      ...(nth % 3 === 0 && { notification }),
      ...(status === 'pending' &&
        nth % 60 === 0 && { assignee: { to: 'mine', at: new Date(), until: minutesLater(9000) } }),
    },
  })
}
