/*
 * Not in the drafts: the provider asks the end-user of a deferral by itself, over the device of the host's CIBA. No client has a
 * request for it, and the auth_req_id is only for the integrator's device.
 */
import { randomBytes } from 'node:crypto'
import type { Account, Client } from 'oidc-provider'
import { describe } from '../../deferral/describe.js'
import { isLive, legHash, legOf, unsentLeg } from '../../deferral/leg_state.js'
import {
  armReachOut,
  failReachOut,
  freeLeg,
  leaseReachOut,
  noteSent,
  openLeg,
  skipReachOut,
} from '../../deferral/leg_transitions.js'
import type { Stored } from '../../deferral/store.js'
import { backgroundContext, newBackchannelRequest } from '../../host/background_context.js'
import { type Context, onceAnswered } from '../../host/context.js'
import type { BackchannelRequest } from '../../host/request/backchannel_request.js'
import { inBackground } from '../../notification/background.js'
import { within } from '../../notification/deadline.js'
import { rareWarning } from '../../notification/warnings.js'
import type { Plugin } from '../../plugin.js'
import { isCapped } from './open_legs.js'
import { setSnapshot } from './snapshot_request.js'

// if the node dies before it has answered the client, another node asks then
const delayAfterCrashSeconds = 15
const leaseSeconds = 30
const hookSeconds = 20
const writeSeconds = 5
const drainSeconds = 10
const mostAtOnce = 16
// seconds after each failed attempt
const delays = [5, 30, 120, 600]

const workers = new WeakMap<Plugin, ReachOuts>()

/** The member of a new deferral by which its end-user is asked. */
export function reachOutFor({ settings }: Plugin, accountId: string | undefined): { reachOutIn?: number } {
  if (settings.ciba.reachOut === false || accountId === undefined) return {}
  return { reachOutIn: delayAfterCrashSeconds }
}

/** Asks when the answer to this request has left. */
export function reachOutOnceAnswered(ctx: Context, plugin: Plugin, { id, reachOutAt }: Stored): void {
  if (!reachOutAt) return
  onceAnswered(ctx, () => void inBackground(() => askNow(plugin, id)))
}

async function askNow(plugin: Plugin, id: string): Promise<void> {
  // if this write fails, the end-user is asked after `delayAfterCrashSeconds`
  const armed = await plugin.records.transit(id, armReachOut).catch(() => undefined)
  if (armed) workers.get(plugin)?.take([armed])
}

/** Asks end-users on this node. */
export class ReachOuts {
  readonly #plugin: Plugin
  readonly #warn = rareWarning('end-users cannot be asked')
  readonly #running = new Map<string, Promise<void>>()
  #isOpen = true

  constructor(plugin: Plugin) {
    this.#plugin = plugin
    workers.set(plugin, this)
  }

  /** Asks the end-users of the deferrals that are due. If there is no free lane, a later sweep tries again. */
  take(due: readonly Stored[]): void {
    for (const record of due.filter(isDue)) {
      if (!this.#isOpen || this.#running.size >= mostAtOnce || this.#running.has(record.id)) continue
      const work = inBackground(() => this.#attempt(record))
        .catch(this.#warn)
        .finally(() => this.#running.delete(record.id))
      this.#running.set(record.id, work)
    }
  }

  /** Stops. Waits for the attempts under way, ten seconds at most. */
  async close(): Promise<void> {
    this.#isOpen = false
    await within(drainSeconds, () => Promise.all(this.#running.values())).catch(() => undefined)
  }

  async #attempt({ id }: Stored): Promise<void> {
    const { records } = this.#plugin
    const startedAt = performance.now()
    const leased = await records.transit(id, leaseReachOut(leaseSeconds))
    if (!leased) return
    try {
      if (!isToBeAsked(this.#plugin, leased)) return void (await records.transit(id, skipReachOut))
      await assertResult(this.#plugin, leased)
      const obstacle = await reach(this.#plugin, leased, startedAt)
      if (obstacle) await records.transit(id, failReachOut(obstacle))
    } catch (error) {
      this.#warn(error)
      const delay = delays[(leased.reachOutAttempts ?? 1) - 1]
      await records.transit(id, failReachOut('the end-user could not be asked', delay))
    }
  }
}

// an operator may ask about a deferral that the option `ciba.reachOut` does not select
function isToBeAsked({ settings }: Plugin, record: Stored): boolean {
  const { reachOut } = settings.ciba
  return typeof reachOut !== 'function' || record.reachOutRequestedAt !== undefined || reachOut(describe(record))
}

/**
 * Throws if the attempt before this one has opened a leg and left no result. Its lease is over, so it does not run any more: its node
 * has died, or could not write the result. The end-user may have been asked, so this attempt asks nobody.
 */
async function assertResult({ records }: Plugin, leased: Stored): Promise<void> {
  const unsent = unsentLeg(leased)
  if (!unsent) return
  const isFreed = await records.transit(leased.id, freeLeg(unsent.hash, 'the attempt has left no result'), leased)
  if (isFreed) throw new Error('the attempt before has left no result')
}

/** Asks the end-user. Returns why nobody can be asked; rejects if another attempt may succeed. */
async function reach(plugin: Plugin, record: Stored, startedAt: number): Promise<string | undefined> {
  const { host, records, settings } = plugin
  const { maxLegs, expiresIn } = settings.ciba
  if (isLive(record, legOf(record), record.readAt)) return 'the end-user was asked already'
  if ((record.legs?.length ?? 0) >= maxLegs) return 'the end-user was asked as often as allowed'
  if (await isCapped(plugin, record)) return 'too many questions are open'
  const client = await host.provider.Client.find(record.clientId)
  if (!client) throw new Error('this node does not know the client')
  const ctx = backgroundContext(host.provider, client)
  const account = await host.internals.configuration.findAccount(ctx, String(record.accountId))
  if (!account) return 'the account is gone'
  ctx.oidc.entity('Account', account)
  const request = requestFor(plugin, record, { client, expiresIn })
  const hash = legHash(request.jti)
  const leg = { kind: 'reach_out', hash, expiresIn: request.expiresIn } as const
  // the result is written before the lease ends: after it another node counts this one as dead
  const left = leaseSeconds - writeSeconds - (performance.now() - startedAt) / 1000
  if (left <= 0) throw new Error('the lease is over')
  if (!(await records.transit(record.id, openLeg(leg, maxLegs), record))) return 'it was decided meanwhile'
  try {
    await within(Math.min(hookSeconds, left), () => ask(plugin, ctx, { request, account, client }))
  } catch (error) {
    await records.transit(record.id, freeLeg(hash, 'triggerAuthenticationDevice failed'))
    throw error
  }
  await records.transit(record.id, noteSent(hash))
  return undefined
}

function requestFor(
  { host, records }: Plugin,
  record: Stored,
  { client, expiresIn }: { client: Client; expiresIn: number },
): BackchannelRequest {
  const left = Math.floor((record.expiresAt.getTime() - records.now().getTime()) / 1000)
  const request = newBackchannelRequest(host.provider, {
    accountId: record.accountId,
    client,
    jti: randomBytes(32).toString('base64url'),
    expiresIn: Math.max(1, Math.min(expiresIn, left)),
    params: {},
  })
  setSnapshot(request, record, 'reach_out')
  return request
}

async function ask(
  { host }: Plugin,
  ctx: Context,
  { request, account, client }: { request: BackchannelRequest; account: Account; client: Client },
): Promise<void> {
  await request.save()
  await host.internals.configuration.features.ciba.triggerAuthenticationDevice(ctx, request, account, client)
}

function isDue({ status, reachOutAt, readAt }: Stored): boolean {
  return status === 'pending' && reachOutAt !== undefined && reachOutAt <= readAt
}
