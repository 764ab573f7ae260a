import { anyObject, choice, count, flag, list, type Members, object, part, type Schema, text, time } from './schema.js'

const by: Schema = { oneOf: [text(), list(text())], description: 'who did it: one name, or several' }

const granted: Members = {
  'scope?': list(text()),
  'resource?': list(text()),
  'authorizationDetails?': list(anyObject()),
  'claims?': anyObject(),
  'acr?': text(),
  'amr?': list(text()),
  'authTime?': count('seconds since the epoch'),
}

const decision = object({
  ...granted,
  at: time(),
  'by?': by,
  'note?': text('for colleagues; the client never gets it'),
  'description?': text('for the client'),
  'until?': time('end of the approval'),
})

const vote = object({ ...granted, by, at: time(), 'note?': text(), 'until?': time() })

const assignee = object({ to: text(), 'by?': by, at: time(), until: time() })

const progress = object({ step: text(), 'position?': count(), 'estimate?': count('seconds') })

const notificationMembers: Members = {
  status: choice(['waiting', 'owed', 'delivered', 'failed', 'suppressed']),
  attempts: count(),
  'nextAttemptAt?': time(),
  'attemptedAt?': time(),
  'deliveredAt?': time(),
  'answer?': count('HTTP status of the last answer'),
  'reason?': text('why the last attempt failed, or why there will be no attempt'),
}

const historyEntry: Schema = {
  ...object({ at: time(), event: text(), 'by?': by }, 'with a few facts that depend on the event'),
  additionalProperties: true,
}

const request: Members = {
  id: text('22 base64url characters'),
  profile: choice(['openid', 'oauth']),
  clientId: text(),
  'accountId?': text(),
  'grantType?': text('absent in the openid profile'),
  'grantId?': text(),
  scope: list(text()),
  resource: list(text()),
  'authorizationDetails?': list(anyObject()),
  'claims?': anyObject(),
  'context?': anyObject('the evidence of the provider'),
  'queue?': text(),
  'title?': text(),
  'quorum?': count('how many people have to approve', { minimum: 1 }),
}

const deferral = object({
  ...request,
  status: choice(['pending', 'approved', 'denied', 'cancelled', 'redeemed']),
  expired: flag('not redeemed, and past expiresAt'),
  overdue: flag('pending, and past dueAt'),
  'progress?': part('Progress'),
  'interaction?': object({ uri: text() }, 'the page where somebody has to act'),
  'dueAt?': time(),
  'assignee?': part('Assignee'),
  'votes?': list(part('Vote')),
  'decision?': part('Decision'),
  createdAt: time(),
  'exchangedAt?': time(),
  expiresAt: time(),
  'decidedAt?': time(),
  'redeemedAt?': time(),
  'cancelledAt?': time(),
  'cancelledBy?': by,
  'cancellationReason?': text(),
  'expiredAt?': time(),
  'erasedAt?': time(),
  'notification?': part('Notification'),
  'ping?': part('Notification'),
  'history?': list(part('HistoryEntry'), 'oldest first; of one deferral, and of a list with history=true'),
  mayDecide: flag('whether you may decide it, whatever its status is'),
  'obstacle?': text('why you may not decide it'),
})

const amount = (description?: string) => count(description, { minimum: 0, maximum: 10_000 })

const pendingStats: Members = { pending: count(), overdue: count('of these, past their due time') }

/** The components of the document. */
export const components: Members = {
  Progress: progress,
  Assignee: assignee,
  Vote: vote,
  Decision: decision,
  HistoryEntry: historyEntry,
  Notification: object(notificationMembers),
  ListedNotification: object({
    ...notificationMembers,
    id: text('id of the deferral'),
    profile: text(),
    clientId: text(),
  }),
  Deferral: deferral,
  Deferrals: object({
    deferrals: list(part('Deferral')),
    'cursor?': text('asks for the next page; absent on the last one'),
  }),
  Notifications: object({ notifications: list(part('ListedNotification')), 'cursor?': text() }),
  Change: object({
    changed: flag('always true: a call that changes nothing is answered 409'),
    deferral: part('Deferral'),
  }),
  Count: object({
    pending: amount(),
    approved: amount(),
    denied: amount(),
    cancelled: amount(),
    redeemed: amount(),
    expired: amount(),
    'more?': flag('there are more than 10,000 with one of these statuses'),
  }),
  Stats: object({
    ...pendingStats,
    'oldestPendingAt?': time(),
    byQueue: { type: 'object', additionalProperties: part('QueueStats') },
  }),
  QueueStats: object({ ...pendingStats, oldestPendingAt: time() }),
  Problem: object(
    {
      type: text('always about:blank: the status says it all'),
      title: text(),
      status: count(),
      detail: text('what went wrong'),
      'deferral?': part('Deferral'),
    },
    'RFC 9457',
  ),
}
