import { errors } from 'oidc-provider'

/** Ends a handler of the host where the plugin wants it to end. No listener, log or client ever gets it. */
export class HandlerStopped extends Error {}

class PlainFault extends Error {}

/**
 * Wraps everything but refusals of the host: it would render an error of the integrator's adapter or callbacks with `expose` or
 * `statusCode` as a 4xx, and show its message.
 */
export function plainFault(error: unknown, message = 'the host failed at a deferred request'): unknown {
  const isPlain = [HandlerStopped, PlainFault, errors.OIDCProviderError].some((kind) => error instanceof kind)
  return isPlain ? error : new PlainFault(message, { cause: error })
}

/** Awaits work and wraps its errors as `plainFault` does. */
export async function withPlainFaults<T>(work: Promise<T>, message?: string): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw plainFault(error, message)
  }
}

/** Warns of a fault in the integrator's code that must not change the answer. */
export function warnOfFault(of: string, error: unknown): void {
  process.emitWarning(`${of} failed: ${textOf(error)}`)
}

// what is thrown may be anything, and some of that has no text
function textOf(error: unknown): string {
  try {
    return `${(error as Error)?.stack ?? error}`
  } catch {
    return 'it threw what cannot be shown'
  }
}
