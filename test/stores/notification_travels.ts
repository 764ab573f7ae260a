import { expect } from '@jest/globals'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { at, newDeferral, start } from './new_deferral.js'
import { type StepName, take } from './notification_steps.js'

/** How a test gets a notification to where it wants it, and sees what became of it. */
export function travels(opened: () => DeferralStore) {
  const find = async (id: string, now = at(31)) => (await opened().find(id, now)) as DeferralRecord
  const told = async (id: string) => (await find(id)).notification

  async function reached(path: readonly StepName[]): Promise<string> {
    const { id } = await opened().create(newDeferral(), start)
    expect(path.length === 0 || (await take(opened(), id, path))).toBeTruthy()
    return id
  }

  return { find, told, reached }
}
