import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { currentContext } from '../context.js'
import { epochTime } from '../epoch_time.js'
import { isAccepted, type Unique } from '../request/accepted_proof.js'

/**
 * Overrides the replay check. It passes a second time for the DPoP proof that the plugin has accepted in the same request. If
 * the adapter has `insertUnique`, the check is one insert: the host's own find and save would accept a proof that arrives
 * several times at once. No public way: the host has no hook for its replay check.
 */
export function installReplayDetection(provider: Provider): void {
  const { ReplayDetection } = provider as any
  const { unique } = ReplayDetection as { unique: Unique }

  async function insertOnce(iss: string, jti: string, exp: number): Promise<boolean> {
    const { adapter } = ReplayDetection
    if (typeof adapter.insertUnique !== 'function') return unique.call(ReplayDetection, iss, jti, exp)
    const now = epochTime()
    const id = createHash('sha256')
      .update(iss + jti)
      .digest('base64url')
    return adapter.insertUnique(id, { iat: now, exp, jti: id, kind: 'ReplayDetection', iss }, exp - now)
  }

  ReplayDetection.unique = async (iss: string, jti: string, exp: number) => {
    const ctx = currentContext(provider)
    if (ctx && isAccepted(ctx, iss, jti)) return true
    return insertOnce(iss, jti, exp)
  }
}
