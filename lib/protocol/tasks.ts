/*
 * Not in the drafts: a deferral may be decided by another service. The state of that task is stored encrypted in the deferral.
 */
import type { Provider } from 'oidc-provider'
import type { JsonObject } from '../deferral/deferral.js'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { nudgeTask } from '../deferral/task_transitions.js'
import { isPending } from '../deferral/transition.js'
import type { DeferRequest } from '../options/defer.js'
import { type Plugin, pluginOf } from '../plugin.js'

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

/** What another service may ask about the tasks of a provider. */
export interface TasksOfProvider {
  /** `undefined`: there is no deferral with this id. Without `state` its task is finished */
  find(id: string): Promise<{ state?: JsonObject } | undefined>
  /** Makes the task of this deferral due: its service says that there is news. */
  nudge(id: string): Promise<void>
}

/** The tasks of this provider. */
export function tasksOf(provider: Provider): TasksOfProvider {
  const plugin = pluginOf(provider)
  if (!plugin) throw new TypeError('the provider has no deferredTokenResponse')
  const { records } = plugin
  return {
    async find(id) {
      const record = await records.find(id)
      if (!record) return undefined
      const isOpen = isPending(record, record.readAt) && record.taskDue !== undefined
      const state = isOpen ? await taskStateOf(plugin, record) : undefined
      return state ? { state } : {}
    },
    async nudge(id) {
      await records.transit(id, nudgeTask)
    },
  }
}
