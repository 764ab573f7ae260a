import type { Op } from './op.js'

export type AuthorizationResponse =
  | { deferredCode: string }
  | { code: string }
  | { error: string; description: string | undefined }

/** Reads the authorization response. Throws when it does not come from the provider or has the wrong state. */
export function readAuthorizationResponse(
  op: Op,
  query: URLSearchParams,
  expectedState: string,
): AuthorizationResponse {
  if (query.get('state') !== expectedState) throw new Error('the state does not match')
  if (query.get('iss') !== op.configuration.serverMetadata().issuer) throw new Error('the issuer does not match')
  const error = query.get('error')
  if (error) return { error, description: query.get('error_description') ?? undefined }
  const [deferredCode, code] = [query.get('deferred_code'), query.get('code')]
  if (deferredCode && code === null) return { deferredCode }
  if (code && deferredCode === null) return { code }
  throw new Error('exactly one code was expected')
}
