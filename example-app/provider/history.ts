import { randomUUID } from 'node:crypto'
import type { By, Deferral, Provider } from 'oidc-provider-deferred'
import type { Collection } from '../storage/collection.js'
import type { HistoryLine } from '../storage/entries.js'
import { clientName } from './clients.js'

type Line = Pick<HistoryLine, 'event' | 'by' | 'detail'>

/** Adds one line to the history of a deferral. */
export async function record(history: Collection<HistoryLine>, deferralId: string, line: Line): Promise<void> {
  await history.insert({ _id: randomUUID(), createdAt: new Date(), deferralId, ...line })
}

const names = (by: By | undefined) => (by === undefined ? undefined : [by].flat().join(', '))

const lines = {
  created: ({ clientId }: Deferral) => ({ event: 'Requested', by: clientName(clientId) }),
  exchanged: ({ expiresAt }: Deferral) => ({
    event: 'Waiting',
    detail: `until ${expiresAt.toISOString().slice(0, 19).replace('T', ' ')} UTC`,
  }),
  voted: ({ votes = [], quorum }: Deferral) => ({
    event: 'Approved by one',
    by: names(votes.at(-1)?.by),
    detail: [`${votes.length} of ${quorum}`, votes.at(-1)?.note].filter(Boolean).join(': '),
  }),
  overdue: () => ({ event: 'Overdue' }),
  approved: ({ decision }: Deferral) => ({ event: 'Approved', by: names(decision?.by), detail: decision?.note }),
  denied: ({ decision }: Deferral) => ({ event: 'Refused', by: names(decision?.by), detail: decision?.description }),
  // Without `cancelledBy` the client cancelled.
  cancelled: ({ cancelledBy, clientId }: Deferral) => ({
    event: 'Cancelled',
    by: names(cancelledBy) ?? clientName(clientId),
  }),
  redeemed: ({ clientId }: Deferral) => ({ event: 'Tokens issued', detail: `to ${clientName(clientId)}` }),
  notified: ({ notification }: Deferral) => ({
    event: 'Client notified',
    detail: `answer ${notification?.answer}, attempt ${notification?.attempts}`,
  }),
  notification_failed: ({ notification }: Deferral) => ({
    event: 'Client not notified',
    detail: `the last attempt failed: ${notification?.reason}`,
  }),
}

/** Adds the plugin's events to the history. */
export function keepHistory(provider: Provider, history: Collection<HistoryLine>): void {
  for (const event of Object.keys(lines) as (keyof typeof lines)[]) {
    provider.on(`deferral.${event}`, (deferral) => {
      record(history, deferral.id, lines[event](deferral)).catch((error) => console.error(error))
    })
  }
}
