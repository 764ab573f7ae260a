import { type Deferral, type WaitOptions, wait } from 'oidc-provider-deferred/client'
import { afterEach, beforeEach, vi } from 'vitest'
import { granted, type Scripted, scripted, scriptedDeferral } from './scripted.js'

/** Gives each test of a file a clock of its own, which begins with 2026, and pauses without chance. */
export function useVirtualTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: new Date('2026-01-01T00:00:00Z') })
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}

/** Waits in virtual time. Resolves to the times of the polls, and to what came of it: tokens, or an error. */
export async function waited(
  answer: (n: number) => Scripted | Promise<Scripted>,
  {
    seconds = 3600,
    deferral = scriptedDeferral(),
    ...options
  }: WaitOptions & { seconds?: number; deferral?: Deferral } = {},
): Promise<{ polls: number[]; outcome: unknown }> {
  const { config, polls } = scripted(answer)
  let outcome: unknown
  const settle = (result: unknown) => {
    outcome = result
  }
  wait(config, deferral, options).then(settle, settle)
  await vi.advanceTimersByTimeAsync(seconds * 1000)
  return { polls, outcome }
}

/** The last of so many answers ends the wait; `answer` gives those before it. */
export const last =
  (count: number, answer: (n: number) => Scripted, end: () => Scripted = granted) =>
  (n: number) =>
    n < count ? answer(n) : end()
