/*
 * Not in the drafts: a deferral may be decided by another service. The state of that task is stored encrypted in the deferral.
 */
import type { DeferralRecord, JsonObject } from '../deferral/deferral.js'
import type { DeferRequest } from '../options/defer.js'
import type { Plugin } from '../plugin.js'

/** The first state of a task, as a member of a new deferral. */
export async function sealedTask(
  { host, sealer, settings }: Plugin,
  { id, client }: DeferRequest,
  task: JsonObject,
): Promise<{ taskSealed: string }> {
  if (!settings.task || !sealer) throw new TypeError('defer: task needs the option task')
  const owner = { issuer: host.provider.issuer, id, clientId: client.clientId }
  return { taskSealed: await sealer.seal(owner, task) }
}

/** The state of the task of a deferral; `undefined` if it has none. */
export async function taskStateOf({ sealer }: Plugin, record: DeferralRecord): Promise<JsonObject | undefined> {
  const { task, issuer, id, clientId } = record
  return task && sealer?.open<JsonObject>({ issuer, id, clientId }, task.sealed)
}
