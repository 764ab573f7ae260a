import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs work that belongs to no request. Timers and promises keep the context of the request that created them: a client look-up or
 * a listener would see the `Provider.ctx` of an unrelated request, and that request could not be garbage collected.
 */
export const inBackground: <T>(work: () => T) => T = AsyncLocalStorage.snapshot()
