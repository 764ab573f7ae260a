import { expect } from 'vitest'

/** The answer to a token request that has to wait, where the options say nothing else. */
export const firstAnswer = {
  error: 'authorization_pending',
  error_description: 'the deferred request has not been decided yet',
  deferral_code: expect.any(String) as unknown,
  expires_in: 86_400,
  interval: 5,
}
