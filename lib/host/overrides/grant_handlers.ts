import type { GrantHandler, Internals } from '../seams.js'

/** The wrapper of a grant handler of the host; `undefined` if the grant stays as it is. */
export type WrapHandler = (name: string, handler: GrantHandler) => GrantHandler | undefined

/**
 * Wraps grant handlers of the host. No public way: `registerGrantType` replaces a handler, and does not return the one that it
 * replaces.
 */
export function wrapGrantHandlers({ grantTypeHandlers }: Internals, wrap: WrapHandler): void {
  for (const [name, handler] of grantTypeHandlers) {
    const wrapped = wrap(name, handler)
    if (wrapped) grantTypeHandlers.set(name, wrapped)
  }
}
