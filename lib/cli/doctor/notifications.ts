import type { Document } from 'mongodb'
import type { Call } from '../command.js'
import { type Check, type Finding, fine, found } from './finding.js'

const check = 'notifications'
const most = 100_000
const channels = ['notification', 'ping'] as const

type Channel = (typeof channels)[number]

/** Notifications of one issuer in one state. */
interface Group {
  status: 'owed' | 'failed'
  reason?: string
  /** its secrets are still there */
  isReplayable: boolean
  count: number
  example: string
}

// by the beginning of the reason
const remedies: Readonly<Record<string, string>> = {
  'what is sealed cannot be opened: no key': 'give every node every key that something is sealed with, see keys',
  'what is sealed cannot be opened':
    'it was changed in the database: cancel it, its client learns that at its next poll',
  'the endpoint answered': 'ask the client what its endpoint has against it, then replay it',
  'the endpoint': 'correct the endpoint of the client, or the options notification.allow and deny, then replay it',
  'the certificate': 'the client has to renew the certificate of its endpoint, then replay it',
  'no answer': 'look whether this network reaches the endpoint of the client, then replay it',
  'the client': 'look at the registration of the client on this node, then replay it',
  'this node does not know the client': 'give every node the same clients',
}

const fallbackRemedy =
  'look up the reason in docs/operate/troubleshooting.md of the source repository (the package has no docs), then replay the notification'

/** Notifications that nobody sends, and why. */
export const notifications: Check = async (call) => {
  const issuers = await call.deployment.issuers()
  return (await Promise.all(issuers.map((issuer) => ofIssuer(call, issuer)))).flat()
}

async function ofIssuer(call: Call, issuer: string): Promise<Finding[]> {
  const states = channels.flatMap((channel) => [
    groupsOf(call, issuer, channel, 'owed'),
    groupsOf(call, issuer, channel, 'failed'),
  ])
  const groups = await Promise.all(states)
  const stuck = groups
    .flat()
    .filter(({ status, reason, isReplayable }) => isReplayable && (status === 'failed' || reason !== undefined))
  if (stuck.length === 0) return [fine(check, `${issuer}: none is stuck`)]
  return stuck.map(({ status, reason = 'unknown', count, example }) => {
    const state = status === 'owed' ? 'retried' : 'failed'
    const says = `${issuer}: ${count} ${state}, such as ${example}: ${reason}`
    return found(check, says, remedyOf(reason))
  })
}

function remedyOf(reason: string): string {
  const beginning = Object.keys(remedies).find((each) => reason.startsWith(each))
  return (beginning && remedies[beginning]) || fallbackRemedy
}

function newestOf(channel: Channel, issuer: string, status: Group['status']): Document[] {
  const ofIssuer = { issuer: { $eq: issuer } }
  if (channel === 'notification')
    return [
      { $match: { ...ofIssuer, 'notification.status': status } },
      { $sort: { createdAt: -1, _id: -1 } },
      { $limit: most },
    ]
  // pings have no index: a sweep looks again at each deferral with an open one
  return [
    { $match: { ...ofIssuer, wakeAt: { $exists: true } } },
    { $limit: most },
    { $match: { 'ping.status': status } },
  ]
}

// the newest ones: old failures stay for the time of the retention, and can be sent no more
function groupsOf(
  { deployment: { collection } }: Call,
  issuer: string,
  channel: Channel,
  status: Group['status'],
): Promise<Group[]> {
  const isReplayable = { $ne: [{ $type: `$${channel}.sealed` }, 'missing'] }
  const stages = [
    ...newestOf(channel, issuer, status),
    {
      $group: {
        _id: { status: `$${channel}.status`, reason: `$${channel}.reason`, isReplayable },
        count: { $sum: 1 },
        example: { $first: '$_id' },
      },
    },
    { $sort: { count: -1 } },
    { $limit: 20 },
    { $replaceWith: { $mergeObjects: ['$_id', { count: '$count', example: '$example' }] } },
  ]
  return collection.aggregate<Group>(stages, { maxTimeMS: 30_000 }).toArray()
}
