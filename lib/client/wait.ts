import type { Configuration } from 'openid-client'
import { createAlarm } from './alarm.js'
import { assertOwnDeferral, assertWait } from './arguments.js'
import type { Tokens } from './configuration.js'
import type { Deferral, DPoPOptions } from './deferral.js'
import { DeferralExpired, DeferralGone } from './errors.js'
import { isFault } from './faults.js'
import { createHold, offeredSeconds } from './hold.js'
import { createPacing } from './pacing.js'
import { type Pending, pollOwn } from './poll.js'

/** What `wait()` takes beside the deferral. */
export interface WaitOptions extends DPoPOptions {
  /**
   * Ends the wait. A poll under way is not cut off, because its answer may be the one with the tokens; one that the provider holds
   * takes as long as `longPoll`. To tell the provider that nobody waits any more, call `cancel()`.
   */
  signal?: AbortSignal | undefined
  /**
   * Seconds for which the provider may hold each poll until there is a decision. As long as the provider offers, unless it is given; 0:
   * not at all.
   */
  longPoll?: number | undefined
  /** Called with each pending answer, for progress and a link to pass on. The wait ends where it throws or rejects. */
  onPending?(answer: Pending): unknown
  /** Called once, with a function to call when a notification has come. It may return a function to call at the end. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing will do
  subscribe?(wake: () => void): (() => void) | void
}

/**
 * Polls until there are tokens. Rejects with `DeferralDenied`, `DeferralExpired` or `DeferralGone`, with the reason of the signal, and
 * with the error of openid-client where polling again cannot help: a wrong secret, a wrong key, an ID Token that is not the right one.
 *
 * The first poll is made at once, and the next when the provider says. A provider that is down, a proxy, or a network that fails are
 * never the end: it polls on, with growing pauses, until the deferral has expired.
 *
 * ```ts
 * import { wait } from 'oidc-provider-deferred/client'
 *
 * const tokens = await wait(config, await load(id), {
 *   signal: AbortSignal.timeout(3_600_000),
 *   onPending: ({ progress, interactionUri }) => console.log(progress, interactionUri),
 * })
 * ```
 */
export async function wait(
  config: Configuration,
  deferral: Deferral,
  { signal, onPending, subscribe, longPoll, ...options }: WaitOptions = {},
): Promise<Tokens> {
  assertWait({ longPoll })
  await assertOwnDeferral(config, deferral, options)
  signal?.throwIfAborted()
  const [alarm, pacing] = [createAlarm(signal), createPacing(deferral)]
  const hold = createHold(longPoll ?? offeredSeconds(config))
  const attempt = () =>
    hold
      .run((seconds) => pollOwn(config, deferral, { ...options, seconds }))
      .catch((error) => faultOf(error, pacing.lostAnswer()))
  const unsubscribe = subscribe?.(alarm.ring)
  try {
    for (;;) {
      alarm.reset()
      const answer = await attempt()
      if (answer.status === 'granted') return answer.tokens
      if (answer.status !== 'slow_down' && answer.status !== 'fault') await onPending?.(answer)
      await alarm.sleep(answer.status === 'fault' ? pauseAfter(answer.error) : pacing.afterPending(answer))
    }
  } finally {
    if (typeof unsubscribe === 'function') unsubscribe()
  }

  function pauseAfter(error: unknown): number {
    const pause = pacing.afterFault(error)
    if (pause !== undefined) return pause
    throw new DeferralExpired('the deferred request has expired, and the provider does not answer', { cause: error })
  }
}

/** A poll that failed without a decision. Throws everything else. */
function faultOf(error: unknown, lostAnswer: unknown): { status: 'fault'; error: unknown } {
  if (isFault(error)) return { status: 'fault', error }
  if (!(error instanceof DeferralGone) || lostAnswer === undefined) throw error
  const message = 'the handle is void, and an earlier answer was lost, perhaps the one with the tokens'
  throw new DeferralGone(message, { cause: lostAnswer, answerLost: true })
}
