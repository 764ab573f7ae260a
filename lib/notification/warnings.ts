const silenceSeconds = 60

/** A function that warns of a fault in background work, at most once a minute. */
export function rareWarning(problem: string): (error: unknown) => void {
  let warnedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() < warnedAt + silenceSeconds * 1000) return
    warnedAt = performance.now()
    const { message = String(error), cause } = Object(error) as Error
    process.emitWarning(`${problem}: ${cause instanceof Error ? `${message}: ${cause.message}` : message}`)
  }
}
