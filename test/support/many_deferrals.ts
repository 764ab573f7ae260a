import type { Document } from 'mongodb'
import { newId } from '../../lib/deferral/handle.js'
import type { ListedStatus } from '../../lib/deferral/queries.js'
import { retainedUntil } from '../../lib/deferral/retention.js'
import type { NewDeferral } from '../../lib/deferral/store.js'
import { withWakeAt } from '../../lib/deferral/transition.js'
import { created } from '../../lib/deferral/transitions.js'
import { derivedMembers } from '../../lib/mongodb/store/derived.js'
import { schemaVersion } from '../../lib/mongodb/store/schema.js'
import { toDocument } from '../../lib/store/json_members.js'

/** A deferral as somebody found it in the database. */
export interface Made {
  issuer: string
  status: ListedStatus
  createdAt: Date
  /** members of the request */
  request?: Partial<NewDeferral>
  /** further members of the record */
  members?: object
}

const day = 86_400
const retention = 30 * day
const decision = { by: 'reviewer' }

/** The document that MongoDB has of a deferral after its life so far: thousands of them are inserted at once. */
export function documentOf({ issuer, status, createdAt, request, members }: Made): Document & { _id: string } {
  const record = created(newDeferral(request), { issuer, retention }, createdAt)
  const full = withWakeAt({ ...record, ...ends(status, createdAt, record.expiresAt), ...members })
  const { id, readAt, ...plain } = full
  const writeId = newId()
  return {
    _id: id,
    ...toDocument({ ...plain, ...derivedMembers(full), schemaVersion, revision: 2, writeId }),
    history: ['created', 'exchanged', status].map((event) => ({ at: createdAt, event, writeId })),
    purgeAt: retainedUntil(full),
  }
}

/** A request as the others have it, with these members. */
export function newDeferral(request: Partial<NewDeferral> = {}): NewDeferral {
  return {
    id: newId(),
    profile: 'oauth',
    clientId: 'client',
    accountId: newId(),
    grantType: 'authorization_code',
    scope: ['openid', 'payments'],
    resource: [],
    context: { ip: '192.0.2.1', note: 'a payment above the limit' },
    title: '4,200.00 EUR to Northwind Energy',
    interval: 5,
    lifetime: 7 * day,
    handleHash: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    source: { scope: 'openid payments', claims: {}, redirectUri: 'https://client.example/callback', expiresIn: 600 },
    expiresIn: 7 * day,
    ...request,
  }
}

function ends(status: ListedStatus, createdAt: Date, expiresAt: Date): object {
  const later = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000)
  const decided = { decision, decidedAt: later(300) }
  switch (status) {
    case 'pending':
      return {}
    case 'expired':
      return { expiredAt: expiresAt }
    case 'cancelled':
      return { status, cancelledAt: later(200) }
    case 'redeemed':
      return { status, ...decided, redeemedAt: later(310) }
    default:
      return { status, ...decided }
  }
}
