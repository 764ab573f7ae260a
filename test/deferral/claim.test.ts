import { describe, expect, test } from 'vitest'
import { claim as claimOnce } from '../../lib/deferral/claim_transition.js'
import { eventsOf } from '../../lib/deferral/events.js'
import { beginInteraction } from '../../lib/deferral/interaction_transitions.js'
import { listedStatus } from '../../lib/deferral/listing.js'
import { retainedUntil } from '../../lib/deferral/retention.js'
import type { NewDeferral } from '../../lib/deferral/store.js'
import * as sweeps from '../../lib/deferral/sweep_transitions.js'
import * as to from '../../lib/deferral/transitions.js'
import { at, newDeferral } from '../store/new_deferral.js'
import { decision, reached, sealing } from './states.js'

const direct: Partial<NewDeferral> = {
  direct: 'unclaimed',
  handleHash: 'hash',
  lifetime: 3600,
  expiresIn: 600,
  dueIn: 60,
}
const claimed = { binding: { jkt: 'key' }, retention: 86_400 }
const unclaimed = () => reached([], direct)
const claim = claimOnce(claimed)

describe('X-033 an unclaimed deferral', () => {
  test('X-033 has a handle, and counts as not exchanged; it is kept for an hour after its end', () => {
    const record = unclaimed()
    expect(record).toMatchObject({ status: 'pending', direct: 'unclaimed', handleHash: 'hash' })
    expect(record.exchangedAt).toBeUndefined()
    expect(retainedUntil(record)).toEqual(at(600 + 3600))
    expect([listedStatus(record, at(1)), listedStatus(record, at(600))]).toEqual(['unclaimed', 'unlisted'])
  })

  test('X-033 is not overdue, and no sweep looks at its due time', () => {
    const record = unclaimed()
    expect(record.wakeAt).toEqual(at(600))
    expect(sweeps.noteOverdue(record, at(61))).toBeUndefined()
    expect(claim(record, at(1))?.after.wakeAt).toEqual(at(60))
  })

  test('X-033 is claimed once, lives its lifetime from its creation on, and is kept as long as others', () => {
    const change = claim(unclaimed(), at(100))
    expect(change).toMatchObject({ unexpired: true, entry: { event: 'claimed', at: at(100) } })
    const record = change?.after ?? unclaimed()
    expect(record).toMatchObject({
      direct: 'claimed',
      exchangedAt: at(100),
      expiresAt: at(3600),
      binding: { jkt: 'key' },
    })
    expect(retainedUntil(record)).toEqual(at(3600 + 86_400))
    expect(claim(record, at(101))).toBeUndefined()
  })

  test('X-033 cannot be extended, nor claimed after its expiry or its cancellation', () => {
    expect(to.extend(600)(unclaimed(), at(1))).toBeUndefined()
    expect(claim(unclaimed(), at(600))).toBeUndefined()
    expect(claim(reached(['cancel'], direct), at(4))).toBeUndefined()
  })

  test('X-033 may be decided; the notification is then owed with the claim', () => {
    const approved = to.decide('approved', decision)(unclaimed(), at(2))?.after ?? unclaimed()
    expect(to.redeem({ decision, decidedAt: at(2) })(approved, at(3))).toBeUndefined()
    const change = claimOnce({ ...claimed, sealing })(approved, at(3))
    expect(change?.after).toMatchObject({ status: 'approved', notification: { status: 'owed' } })
    expect(change?.entry).toMatchObject({ event: 'claimed', status: 'approved' })
    expect(eventsOf(change?.entry ?? { at: at(3), event: '' })).toEqual(['created', 'approved'])
  })

  test('of others nothing can be claimed', () => {
    expect(claim(reached(['exchange']), at(2))).toBeUndefined()
    expect(newDeferral().direct).toBeUndefined()
  })
})

describe('an interaction that has begun', () => {
  const begin = beginInteraction('alice')

  test('needs an interaction, and begins once', () => {
    expect(begin(reached(['exchange']), at(3))).toBeUndefined()
    const change = begin(reached(['exchange', 'requireInteraction']), at(3))
    expect(change).toMatchObject({
      after: { interactionBegunAt: at(3) },
      entry: { event: 'interaction_begun', by: 'alice' },
    })
    expect(change && begin(change.after, at(4))).toBeUndefined()
  })

  test('ends with resume, with another page and with the expiry', () => {
    const waiting = reached(['exchange', 'requireInteraction'])
    const begun = begin(waiting, at(3))?.after ?? waiting
    expect(to.resume()(begun, at(4))?.after).not.toHaveProperty('interactionBegunAt')
    const page = to.requireInteraction({ uri: 'https://op.example/another' })
    expect(page(begun, at(4))?.after).not.toHaveProperty('interactionBegunAt')
    expect(begin(waiting, at(601))).toBeUndefined()
  })
})
