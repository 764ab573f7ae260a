import type { Decision, DeferralStore, Interaction, Progress, Settlement, Stored } from 'oidc-provider-deferred'
import * as sending from '../../lib/deferral/notification_transitions.js'
import { recordsOf } from '../../lib/deferral/records.js'
import type { Cancellation, Exchange, NewDeferral } from '../../lib/deferral/store.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import type { Minted } from '../../lib/deferral/transitions.js'
import * as to from '../../lib/deferral/transitions.js'

/** The issuer of deferrals that no provider made. */
export const issuer = 'https://op.example'

/** Every transition of the plugin as a verb on this store; `now` is a test's clock. */
export function verbsOn(store: DeferralStore, of = issuer) {
  const at = (now: Date | undefined) =>
    recordsOf(store, { issuer: of, retention: 86_400, clock: () => now, onWritten: () => {} })
  return {
    create: (deferral: NewDeferral, now?: Date) => at(now).create(deferral),
    find: (id: string, now?: Date) => at(now).find(id),
    exchange: (id: string, exchange: Exchange, now?: Date, known?: Stored) =>
      at(now).transit(id, to.exchange(exchange), known),
    progress: (id: string, progress: Progress, now?: Date) => at(now).transit(id, to.progress(progress)),
    requireInteraction: (id: string, interaction: Interaction, now?: Date) =>
      at(now).transit(id, to.requireInteraction(interaction)),
    resume: (id: string, now?: Date) => at(now).transit(id, to.resume()),
    decide: (id: string, status: 'approved' | 'denied', decision: Decision, now?: Date) =>
      at(now).transit(id, to.decide(status, decision)),
    cancel: (id: string, cancellation?: Cancellation, now?: Date) => at(now).transit(id, to.cancel(cancellation)),
    extend: (id: string, expiresIn: number, now?: Date) => at(now).transit(id, to.extend(expiresIn)),
    redeem: (id: string, minted: Minted, now?: Date, known?: Stored) => at(now).transit(id, to.redeem(minted), known),
    expire: (id: string, now?: Date) => at(now).transit(id, sweeps.expire),
    forgetAnswer: (id: string, now?: Date) => at(now).transit(id, sweeps.forgetAnswer),
    suppress: (id: string, now?: Date) => at(now).transit(id, sending.suppress),
    arm: (id: string, delay: number, now?: Date) => at(now).transit(id, sending.arm(delay)),
    leaseNotification: (id: string, lease: number, now?: Date) => at(now).transit(id, sending.leaseNotification(lease)),
    settleNotification: (id: string, fence: number, settlement: Settlement, now?: Date) =>
      at(now).transit(id, sending.settleNotification(fence, settlement)),
    replayNotification: (id: string, now?: Date) => at(now).transit(id, sending.replayNotification()),
  }
}
