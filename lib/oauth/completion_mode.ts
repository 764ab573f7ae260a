/*
 * OAuth 2.0 Deferred Token Response, "Completion Mode": the client lists what it can deal with; whoever lists nothing, or nothing
 * that is known, is answered at once.
 */

// the second one is proposed for clients that can show a page (C-I24)
const waiting = new Set(['deferred', 'deferred_interactive'])

/** Whether a `completion_mode` lets the answer wait. It is a set: order, repeats and unknown values mean nothing (I-018, I-020). */
export function canWait(completionMode: unknown): boolean {
  return [completionMode].flat().some((value) => typeof value === 'string' && value.split(' ').some(isWaiting))
}

function isWaiting(mode: string): boolean {
  return waiting.has(mode)
}
