import { textOf } from '../deferral/warnings.js'

const silenceSeconds = 60

/** A function that warns of a fault in background work, at most once a minute. */
export function rareWarning(problem: string): (error: unknown) => void {
  let warnedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() < warnedAt + silenceSeconds * 1000) return
    warnedAt = performance.now()
    process.emitWarning(`${problem}: ${textOf(error, messagesOf)}`)
  }
}

function messagesOf({ message, cause }: Error): string | undefined {
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
