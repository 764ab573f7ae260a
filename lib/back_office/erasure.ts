import { type Actor, actorOf } from '../deferral/decision.js'
import type { By } from '../deferral/deferral.js'
import { cancelOpen, erase as eraseTransition } from '../deferral/erasure_transition.js'
import { listedStatuses, positionOf } from '../deferral/listing.js'
import type { DeferralQuery } from '../deferral/queries.js'
import type { Records } from '../deferral/records.js'
import { argumentOf, optional, refuse, shape, string, text, withRule } from '../deferral/shape.js'
import type { Stored } from '../deferral/store.js'

const pageSize = 100
// no listing has the last two, but their data are erased too
const erasableStatuses = [...listedStatuses, 'unclaimed', 'unlisted'] as const satisfies DeferralQuery['status']

/** Whose personal data to erase: those of one deferral, or of all deferrals of an account. */
export type ErasureTarget = { id: string; accountId?: never } | { accountId: string; id?: never }

/** The result of an erasure. */
export interface Erasure {
  /** how many deferrals this call has erased */
  erased: number
}

const target = shape<{ id?: string; accountId?: string }>({ id: optional(string), accountId: optional(text) })
const toTarget = argumentOf(
  'erase',
  withRule(target, ({ id, accountId }, at) => {
    if ((id === undefined) === (accountId === undefined)) refuse(at, 'needs either id or accountId')
  }),
)
const toEraser = actorOf('erase')

/** Erases the personal data of one deferral, or of all deferrals of an account. A `TypeError` names the wrong member. */
export async function erase(
  records: Records,
  find: (id: string) => Promise<Stored>,
  argument: ErasureTarget,
  eraser: Actor,
): Promise<Erasure> {
  const { id, accountId } = toTarget(argument)
  const { by } = toEraser(eraser)
  if (accountId !== undefined) return { erased: await eraseAccount(records, accountId, by) }
  return { erased: Number(await eraseOne(records, await find(id as string), by)) }
}

/** Two writes. If the node dies between them, the next call finds a deferral that is cancelled, and makes the second one. */
async function eraseOne(records: Records, record: Stored, by: By | undefined): Promise<boolean> {
  const cancelled = await records.transit(record.id, cancelOpen(by), record)
  return Boolean(await records.transit(record.id, eraseTransition(by), cancelled ?? record))
}

async function eraseAccount(records: Records, accountId: string, by: By | undefined): Promise<number> {
  let total = 0
  // deferrals that are created during one pass are found by the next one
  for (;;) {
    const erased = await eraseListed(records, accountId, by)
    if (erased === 0) return total
    total += erased
  }
}

async function eraseListed(records: Records, accountId: string, by: By | undefined): Promise<number> {
  let erased = 0
  let after: DeferralQuery['after']
  do {
    const page: Stored[] = await records.list({
      accountId,
      status: erasableStatuses,
      limit: pageSize,
      ...(after && { after }),
    })
    for (const record of page) erased += Number(await eraseOne(records, record, by))
    const last = page.at(-1)
    after = page.length === pageSize && last ? positionOf(last, 'newest') : undefined
  } while (after)
  return erased
}
