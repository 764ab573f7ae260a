import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs work that belongs to no request. Timers and promises carry the context of the request that made them, so a client look-up or a
 * listener would see the `Provider.ctx` of somebody else's request, and keep it from being collected.
 */
export const inBackground: <T>(work: () => T) => T = AsyncLocalStorage.snapshot()
