import type { Context } from '../context.js'

/** The host's replay check: whether `iss` uses `jti` for the first time. The host remembers it until `exp` (epoch seconds). */
export type Unique = (iss: string, jti: string, exp: number) => Promise<boolean>

// the DPoP proof that the plugin has accepted, by request; the host checks it again when it binds a token
const proofs = new WeakMap<Context, string>()

/** Makes the replay check accept this proof again in this request: the plugin has checked it already. */
export function acceptAgain(ctx: Context, iss: string, jti: string): void {
  proofs.set(ctx, useOf(iss, jti))
}

/** Whether the plugin has accepted this proof in this request. */
export function isAccepted(ctx: Context, iss: string, jti: string): boolean {
  return proofs.get(ctx) === useOf(iss, jti)
}

function useOf(iss: string, jti: string): string {
  return JSON.stringify([iss, jti])
}
