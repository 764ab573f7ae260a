/** Warns about an error in the integrator's code that must not change the answer. */
export function warnOfFault(source: string, error: unknown): void {
  process.emitWarning(`${source} failed: ${textOf(error, ({ stack }) => stack)}`)
}

/** Calls the integrator's code. If it throws or rejects, the plugin warns. Nobody waits for it. */
export function callSafely(source: string, call: () => unknown): void {
  try {
    Promise.resolve(call()).catch((error: unknown) => warnOfFault(source, error))
  } catch (error) {
    warnOfFault(source, error)
  }
}

/** The text of a thrown value. It may be anything, also an object that cannot be converted to a string. `ofError` picks the text of an error. */
export function textOf(error: unknown, ofError: (error: Error) => string | undefined): string {
  try {
    return String(ofError(Object(error)) ?? error)
  } catch {
    return 'the thrown value cannot be shown as text'
  }
}
