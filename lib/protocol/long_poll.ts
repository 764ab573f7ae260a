/*
 * Not in the drafts: the option `longPoll`. A poll with `Prefer: wait` (RFC 7240, section 4.3) is answered when the deferral changes,
 * or when the time is over.
 */
import type { PollOutcome } from '../deferral/outcome.js'
import type { Stored } from '../deferral/store.js'
import { isPending } from '../deferral/transition.js'
import type { Place } from '../deferral/waiters.js'
import { assertConnected, type Context, onceClosed } from '../host/context.js'
import { applyPreference } from '../host/request/answer.js'
import type { Plugin } from '../plugin.js'
import { assertStillValid } from './checks_before_minting.js'
import { isPendingOutcome, outcomeFor, type PendingOutcome, pendingAnswer, type Shown } from './token_error_response.js'

/** The member of the discovery document: for how many seconds a poll is held at most. */
export function metadata({ settings }: Plugin): Record<string, unknown> {
  const { seconds } = settings.longPoll
  return seconds > 0 ? { deferred_long_poll_seconds: seconds } : {}
}

/** Holds a poll of a pending deferral. Resolves to the deferral as it is then; `undefined`: it is not there any more. */
type HoldPoll = (pending: Stored) => Promise<Stored | undefined>

/**
 * Runs `read` with a function that holds the poll. It holds nothing if the client does not ask for it, or if no place is free. The
 * place is taken before `read` begins, so that no change after its read is missed.
 */
export async function withPlace(
  ctx: Context,
  plugin: Plugin,
  id: string,
  read: (hold: HoldPoll) => Promise<Stored | undefined>,
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

/** For how long a poll is held, and in which place. */
interface HoldTerms {
  place: Place
  seconds: number
}

/** The part of a deferral that a held poll needs. The rest may be large, and many polls are held. */
interface PendingView {
  id: string
  outcome: PendingOutcome
  shown: Shown
}

// client, key and handle were checked before, because a proof works only once. Everything else is read again
function hold(
  ctx: Context,
  plugin: Plugin,
  pending: Stored,
  { place, seconds }: HoldTerms,
): Promise<Stored | undefined> {
  const outcome = outcomeFor(pending, plugin.settings)
  if (!isPendingOutcome(outcome)) return Promise.resolve(pending)
  const { id, profile, interval, progress, interaction } = pending
  const shown = { profile, interval, ...(progress && { progress }), ...(interaction && { interaction }) }
  const remaining = pending.expiresAt.getTime() - plugin.records.now().getTime()
  const holding = { place, end: performance.now() + Math.min(seconds * 1000, remaining) }
  applyPreference(ctx, `wait=${seconds}`)
  return untilChanged(ctx, plugin, { id, outcome, shown }, holding)
}

/**
 * Resolves when the deferral has changed for the client, or when the time is over. Without a watch of the store the deferral is read
 * once in an interval, as if the client polled; less often if very many are held.
 */
async function untilChanged(
  ctx: Context,
  plugin: Plugin,
  { id, outcome, shown }: PendingView,
  { place, end }: { place: Place; end: number },
): Promise<Stored | undefined> {
  const { records, settings, waiters, watching } = plugin
  for (;;) {
    const rest = Math.max(end - performance.now(), 0)
    const round = Math.max(shown.interval * 1000, waiters.shortestRound())
    await place.rest(Math.ceil(watching.isListening() ? rest : Math.min(rest, round)))
    assertConnected(ctx)
    // the node is closing: the application may close the database next
    if (place.isClosed()) throw pendingAnswer(ctx, shown, outcome)
    const latest = await records.find(id)
    if (!latest) return undefined
    const isSame = viewOf(latest, outcomeFor(latest, settings)) === viewOf(shown, outcome)
    if (!isSame || performance.now() >= end) return ended(ctx, plugin, latest)
  }
}

async function ended(ctx: Context, plugin: Plugin, latest: Stored): Promise<Stored> {
  const { pacing, records, settings } = plugin
  if (isPending(latest, latest.readAt)) pacing.answered(latest, records.now().getTime())
  else pacing.forget(latest.id)
  if (outcomeFor(latest, settings) === 'redeem') await assertStillValid(ctx, plugin, latest)
  return latest
}

// a vote or a comment changes nothing for the client
function viewOf({ progress, interaction }: Shown, outcome: PollOutcome): string {
  return JSON.stringify([outcome, progress, interaction?.uri])
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
