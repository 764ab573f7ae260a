import type { KoaContextWithOIDC } from 'oidc-provider'
import type { JsonObject } from '../index.js'
import type { Ask } from './http.js'
import type { ReadMetadata } from './metadata.js'
import type { AuthzenSettings } from './options.js'
import type { Pauses } from './pauses.js'
import type { Evaluate } from './pdp.js'

/** Everything that the decisions about requests, redemptions and refreshes need. */
export interface Decider {
  settings: AuthzenSettings
  ask: Ask
  metadata: ReadMetadata
  evaluate: Evaluate
  pauses: Pauses
  /** whether deferrals can have tasks */
  hasTasks: boolean
  /** alerts once if a refresh token is issued and `rotateRefreshToken` is not used */
  warnOfRefreshTokens: () => void
  keepClaims: (ctx: KoaContextWithOIDC, claims: JsonObject) => void
  /** a new `X-Request-ID` for a question about this deferral */
  requestIdOf: (id: string) => string
}
