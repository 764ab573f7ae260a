import { errors } from 'oidc-provider'

/** Thrown to stop a handler of the host. The plugin always catches it: no listener, log or client gets it. */
export class HandlerStopped extends Error {}

class PlainFault extends Error {}

/**
 * Wraps everything but `OIDCProviderError`. The host would render an error of an adapter or a callback that has `expose` or
 * `statusCode` as a 4xx, and would show its message to the client.
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
