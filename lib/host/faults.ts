import { errors } from 'oidc-provider'
import type { Binding } from '../deferral/deferral.js'

/** Ends the host's handler where we want it to end; never leaves the functions that throw it. */
export class Stop {
  binding: Binding = {}
  seen: unknown
}

/**
 * What is no refusal of the host's becomes a plain error: a fault of the integrator's adapter must not be rendered as the 4xx
 * that its own members may ask for.
 */
export async function withPlainFaults<T>(
  work: Promise<T>,
  message = 'the host failed at a deferred request',
): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Stop || error instanceof errors.OIDCProviderError) throw error
    throw new Error(message, { cause: error })
  }
}
