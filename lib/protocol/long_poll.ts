/*
 * Not in the drafts: the option `longPoll`. A poll with `Prefer: wait` (RFC 7240, section 4.3) is answered when the deferral changes,
 * or when the time is over.
 */
import type { DeferralRecord } from '../deferral/deferral.js'
import type { Stored } from '../deferral/store.js'
import { isPending } from '../deferral/transition.js'
import type { Place } from '../deferral/waiters.js'
import { type Context, hasHungUp, onceClosed } from '../host/context.js'
import { applyPreference } from '../host/request/answer.js'
import type { Settings } from '../options/options.js'
import type { Plugin } from '../plugin.js'
import { assertNotRevoked } from './checks_before_minting.js'
import { outcomeFor } from './token_error_response.js'

/** The member of the discovery document: for how many seconds a poll is held at most. */
export function metadata({ settings }: Plugin): Record<string, unknown> {
  const { seconds } = settings.longPoll
  return seconds > 0 ? { deferred_long_poll_seconds: seconds } : {}
}

/** Holds a poll of a pending deferral. Resolves to the deferral as it is then; `undefined`: it is not there any more. */
type Hold = (pending: Stored) => Promise<Stored | undefined>

/**
 * Runs `read` with a function that holds the poll. It holds nothing if the client does not ask for it, or if no place is free. The
 * place is taken before `read` begins, so that no change after its read is missed.
 */
export async function withPlace(
  ctx: Context,
  plugin: Plugin,
  id: string,
  read: (hold: Hold) => Promise<Stored | undefined>,
): Promise<Stored | undefined> {
  const { settings, waiters } = plugin
  const seconds = Math.min(preferredWait(ctx.get('Prefer')), settings.longPoll.seconds)
  const place = seconds > 0 ? waiters.take(id) : undefined
  if (!place) return read(async (pending) => pending)
  const stop = onceClosed(ctx, () => place.ring())
  try {
    return await read((pending) => hold(ctx, plugin, pending, { place, seconds }))
  } finally {
    stop()
    place.leave()
  }
}

/** How a poll is held. */
interface Holding {
  place: Place
  seconds: number
}

// what may have changed meanwhile is read again. Client, key and handle were checked before: their proofs are used only once
async function hold(ctx: Context, plugin: Plugin, pending: Stored, holding: Holding): Promise<Stored | undefined> {
  const { pacing, records } = plugin
  applyPreference(ctx, `wait=${holding.seconds}`)
  const latest = await untilChanged(ctx, plugin, pending, holding)
  // nobody reads this answer, or the node is closing and answers what it knows
  if (!latest || latest === pending) return latest
  if (isPending(latest, latest.readAt)) pacing.answered(latest, records.now().getTime())
  else pacing.forget(latest.id)
  if (outcomeFor(latest, plugin.settings) === 'redeem') await assertNotRevoked(ctx, plugin, latest)
  return latest
}

/**
 * Resolves when the deferral has changed for the client, or when the time is over. Without a watch of the store the deferral is read
 * once in an interval, as if the client polled. The same record: the client has hung up, or the node is closing.
 */
async function untilChanged(
  ctx: Context,
  { records, settings, watching }: Plugin,
  pending: Stored,
  { place, seconds }: Holding,
): Promise<Stored | undefined> {
  const remaining = pending.expiresAt.getTime() - records.now().getTime()
  const end = performance.now() + Math.min(seconds * 1000, remaining)
  for (;;) {
    const rest = Math.max(end - performance.now(), 0)
    await place.rest(Math.ceil(watching.isListening() ? rest : Math.min(rest, pending.interval * 1000)))
    if (hasHungUp(ctx) || place.isClosed()) return pending
    const latest = await records.find(pending.id)
    if (!latest || hasChanged(pending, latest, settings) || performance.now() >= end) return latest
  }
}

// a vote or a comment changes nothing for the client
function hasChanged(before: Stored, after: Stored, settings: Settings): boolean {
  if (outcomeFor(after, settings) !== outcomeFor(before, settings)) return true
  return visiblePart(before) !== visiblePart(after)
}

function visiblePart({ progress, interaction }: DeferralRecord): string {
  return JSON.stringify([progress, interaction?.uri])
}

// a longer header is not worth reading
const longestHeader = 256
const preference = /(?:[^",]|"(?:\\.|[^"\\])*")+/g
const wait = /^\s*wait\s*=\s*"?(\d+)"?\s*(?:;|$)/i

/** The seconds of `Prefer: wait`; 0 without it. */
export function preferredWait(header: string): number {
  if (header.length > longestHeader) return 0
  for (const [text] of header.matchAll(preference)) {
    const seconds = wait.exec(text)?.[1]
    // RFC 7240, section 2: the first one counts
    if (seconds !== undefined) return Number(seconds)
  }
  return 0
}
