import type { Tokens } from './configuration.js'
import type { Deferral } from './deferral.js'
import { claimMismatch, invalidResponse } from './errors.js'

// seconds by which clocks may differ, as openid-client's default
const clockTolerance = 30

/**
 * Compares the ID Token with what was kept when the deferral began. openid-client has validated everything else. `max_age` counts
 * from that moment: days later every `auth_time` would be too old.
 */
export function checkIdToken(deferral: Deferral, tokens: Tokens): void {
  const { nonce, subject, authTimeAfter } = deferral
  const claims = tokens.claims()
  if (!claims) {
    const isExpected = deferral.profile === 'openid' || deferral.idTokenExpected
    if (!isExpected && (nonce ?? subject ?? authTimeAfter) === undefined) return
    throw invalidResponse('the token response has no ID Token')
  }
  if (claims.nonce !== nonce) throw claimMismatch('nonce', nonce, claims)
  if (subject !== undefined && claims.sub !== subject) throw claimMismatch('sub', subject, claims)
  if (authTimeAfter !== undefined && !(Number(claims.auth_time) >= authTimeAfter - clockTolerance)) {
    throw claimMismatch('auth_time', `${authTimeAfter} or later`, claims)
  }
}
