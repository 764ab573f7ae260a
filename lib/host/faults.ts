import { errors } from 'oidc-provider'
import type { Binding } from '../deferral/deferral.js'

/** Ends the host's handler where we want it to end; never leaves the functions that throw it. */
export class HandlerStopped extends Error {
  binding: Binding = {}
  result: unknown
}

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
