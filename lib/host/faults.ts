import { errors } from 'oidc-provider'

/**
 * What is no refusal of the host's becomes a plain error: a fault of the integrator's adapter must not be rendered as the 4xx
 * that its own members may ask for.
 */
export async function withPlainFaults<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Error) || error instanceof errors.OIDCProviderError) throw error
    throw new Error('the host failed at a deferred request', { cause: error })
  }
}
