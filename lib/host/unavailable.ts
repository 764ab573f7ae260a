import type { Provider } from 'oidc-provider'
import type { Context } from './context.js'

/** Seconds of `Retry-After`; an election in a replica set may take about ten. */
const retrySeconds = 5

/**
 * Answers 503 with `Retry-After` when a request of ours fails for a reason that passes by itself: clients that poll give up at
 * 500. The host has rendered the error by then, without details.
 */
export function installUnavailable(provider: Provider, isOurs: (ctx: Context) => boolean): void {
  provider.on('server_error', (ctx, error: unknown) => {
    if (!isOurs(ctx as Context) || !isTransient(error)) return
    ctx.status = 503
    ctx.set('Retry-After', String(retrySeconds))
  })
}

const driverErrors = /^Mongo(Network|NetworkTimeout|ServerSelection|StalePrimary|OperationTimeout)Error$/
const poolErrors = /^(MongoPoolCleared|PoolClearedOnNetwork|MongoWaitQueueTimeout)Error$/
// of MongoDB: not primary, stepping down, shutting down, recovering; a write that no majority has confirmed in time
const serverCodes = new Set([64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436])
const labels = ['RetryableWriteError', 'TransientTransactionError']

interface Fault {
  name?: unknown
  code?: unknown
  cause?: unknown
  isTransient?: unknown
  errorLabels?: unknown
}

/** Whether a fault passes by itself: one of the database's, or one that a store marks with `isTransient: true`. */
export function isTransient(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 8) return false
  const { name, code, cause, isTransient: isMarked, errorLabels } = error as Fault
  if (isMarked === true) return true
  const isDriver = typeof name === 'string' && (driverErrors.test(name) || poolErrors.test(name))
  const isServer = typeof name === 'string' && name.startsWith('Mongo') && serverCodes.has(code as number)
  const isLabelled = Array.isArray(errorLabels) && labels.some((label) => errorLabels.includes(label))
  return isDriver || isServer || isLabelled || isTransient(cause, depth + 1)
}
