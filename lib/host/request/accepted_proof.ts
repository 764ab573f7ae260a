import type { Context } from '../context.js'

/** The host's replay check: whether this is the first use of `jti` by `iss`; remembered until `exp`, seconds since the epoch. */
export type Unique = (iss: string, jti: string, exp: number) => Promise<boolean>

/** By request: the DPoP proof that the plugin has accepted. The host checks it once more when it binds a token. */
const accepted = new WeakMap<Context, string>()

/** Has the replay check accept the proof of this request once more: the plugin has checked it already. */
export function acceptAgain(ctx: Context, iss: string, jti: string): void {
  accepted.set(ctx, useOf(iss, jti))
}

/** Whether the plugin has accepted this proof in this request. */
export function isAccepted(ctx: Context, iss: string, jti: string): boolean {
  return accepted.get(ctx) === useOf(iss, jti)
}

function useOf(iss: string, jti: string): string {
  return JSON.stringify([iss, jti])
}
