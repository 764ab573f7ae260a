import * as client from 'openid-client'

/** The provider refused the request, or somebody cancelled it. */
export class DeferralDenied extends Error {
  override readonly name = 'DeferralDenied'
  /** Why, in words for people, if the provider says so. */
  readonly reason: string | undefined

  constructor(reason?: string, options?: ErrorOptions) {
    super(reason ?? 'the deferred request was refused', options)
    this.reason = reason
  }
}

/** The provider says `expired_token`; or it has not answered for a minute, and the deferral has expired by the clock of this machine. */
export class DeferralExpired extends Error {
  override readonly name = 'DeferralExpired'
}

/** The provider says `invalid_grant`: the handle is not known, not ours, or the tokens were issued already. */
export class DeferralGone extends Error {
  override readonly name = 'DeferralGone'
  /**
   * The answer to an earlier poll of the same `wait()` did not arrive, or could not be read. It may have had the tokens. `cause` is
   * the error of that poll. Start over with a new request.
   */
  readonly answerLost: boolean

  constructor(message: string, { answerLost = false, ...options }: ErrorOptions & { answerLost?: boolean } = {}) {
    super(message, options)
    this.answerLost = answerLost
  }
}

/** An error as openid-client rejects with. */
export function clientError(message: string, code: string | undefined, cause?: unknown): client.ClientError {
  return Object.assign(new client.ClientError(message, { cause }), { code })
}

/** The answer of the provider lacks a member that it must have. The error does not have the answer: that may hold secrets. */
export function invalidResponse(message: string): client.ClientError {
  return clientError(message, 'OAUTH_INVALID_RESPONSE')
}

/** A claim of an ID Token is not the expected one. */
export function claimMismatch(claim: string, expected: unknown, claims: unknown): client.ClientError {
  const cause = { claim, expected, claims }
  return clientError(`unexpected ID Token "${claim}" claim value`, 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', cause)
}

/** The caller passed something that cannot work. */
export function invalidArgument(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}
