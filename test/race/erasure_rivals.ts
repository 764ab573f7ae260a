import type { DeferralStore } from 'oidc-provider-deferred'
import { erase } from '../../lib/back_office/erasure.js'
import { assign, comment } from '../../lib/deferral/assignment_transitions.js'
import { newId } from '../../lib/deferral/handle.js'
import { replayNotification } from '../../lib/deferral/notification_transitions.js'
import { type Records, recordsOf } from '../../lib/deferral/records.js'
import type { Stored } from '../../lib/deferral/store.js'
import * as to from '../../lib/deferral/transitions.js'
import { issuer } from '../support/records.js'

/** What stands in every member that says something of the person. */
export const personal = 'personal-data-of-the-person'
export const accountId = `account-${personal}`

/** A node of its own on this store. */
export const nodeOn = (store: DeferralStore): Records =>
  recordsOf(store, { issuer, retention: 86_400, clock: () => undefined, onWritten: () => {} })

/** Creates a deferral of the person, pending and not exchanged. */
export async function createOn(records: Records): Promise<string> {
  const id = newId()
  const request = { profile: 'openid' as const, clientId: 'c', interval: 5, lifetime: 600, expiresIn: 60 }
  await records.create({
    ...request,
    id,
    accountId,
    title: personal,
    scope: [personal],
    resource: [personal],
    claims: { id_token: { [personal]: null } },
    context: { personal },
    source: { personal },
  })
  return id
}

/** Everything that writes to a deferral while it is erased, each at a node of its own. */
export const rivals: Record<string, (records: Records, id: string) => Promise<unknown>> = {
  exchange: (records, id) =>
    records.transit(
      id,
      to.exchange({
        handleHash: newId(),
        requestedScope: [personal],
        requestedResource: [personal],
        requestedDetails: [{ type: personal }],
        sealing: { sealed: personal, delay: 0 },
      }),
    ),
  approve: (records, id) =>
    records.transit(id, to.decide('approved', { by: accountId, note: personal, acr: personal })),
  deny: (records, id) => records.transit(id, to.decide('denied', { by: [accountId, 'robin'], description: personal })),
  comment: (records, id) => records.transit(id, comment({ by: accountId, text: personal })),
  progress: (records, id) => records.transit(id, to.progress({ step: personal }, accountId)),
  assign: (records, id) => records.transit(id, assign({ to: personal, by: accountId })),
  cancel: (records, id) => records.transit(id, to.cancel({ by: accountId, reason: 'grant.revoked' })),
  extend: (records, id) => records.transit(id, to.extend(600, accountId)),
  replay: (records, id) => records.transit(id, replayNotification(accountId)),
  async redeem(records, id) {
    const read = await records.find(id)
    if (read?.status !== 'approved') return
    const { decision, decidedAt } = read
    await records.transit(id, to.redeem({ decision, decidedAt, answer: { sealed: personal, seconds: 60 } }), read)
  },
}

/** Erases the account at this node. */
export async function eraseAt(records: Records): Promise<number> {
  const find = async (): Promise<Stored> => Promise.reject(new Error('an account is asked for'))
  return (await erase(records, find, { accountId }, { by: accountId })).erased
}

/** Whether a record and its history say anything of the person; a client that must be notified keeps its secrets for that long. */
export function isPersonal(record: Stored | undefined, history: object): boolean {
  const { notification, ...members } = record ?? {}
  const { sealed, ...delivery } = { ...notification }
  const isOwed = notification?.status === 'owed' || sealed === undefined
  return !isOwed || JSON.stringify([members, delivery, history]).includes(personal)
}
