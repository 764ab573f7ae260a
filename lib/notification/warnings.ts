const complaintSeconds = 60

/** Warns of faults in the background, once a minute, however long the database is away. */
export function complaints(what: string): (error: unknown) => void {
  let complainedAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() < complainedAt + complaintSeconds * 1000) return
    complainedAt = performance.now()
    const { message = String(error), cause } = Object(error) as Error
    process.emitWarning(`${what}: ${cause instanceof Error ? `${message}: ${cause.message}` : message}`)
  }
}
