import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { type Context, currentContext } from './context.js'
import { epochTime } from './epoch_time.js'
import type { Unique } from './proof.js'

const accepted = new WeakMap<Context, Set<string>>()

/**
 * Overrides the replay check, for which the host has no hook. It answers true again for what this very request had accepted
 * (the host checks a proof a second time when it binds a token), and where the adapter can insert uniquely it is one
 * insert: the host's own find-then-save accepts a proof sent several times at once.
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
    const mine = ctx && (accepted.get(ctx) ?? accepted.set(ctx, new Set()).get(ctx))
    const use = JSON.stringify([iss, jti])
    if (mine?.has(use)) return true
    const first = await insertOnce(iss, jti, exp)
    if (first) mine?.add(use)
    return first
  }
}
