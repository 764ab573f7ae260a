import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { retryAfter } from '../request/answer.js'

/** Seconds of `Retry-After`; an election in a replica set may take about ten. */
const retrySeconds = 5

/** Which requests are ours. */
export interface OurRequests {
  isOurs: (ctx: Context) => boolean
  /** of these, those that ask for nothing of the host's: no refusal of an integrator's callback can be meant for them */
  isPlain: (ctx: Context) => boolean
}

/**
 * Answers 503 with `Retry-After` when a request of ours fails for a reason that passes by itself: clients that poll give up at
 * 500. Any other fault is 500. Nothing of the fault is in the body, whatever its `expose` and `statusCode` say. The host has
 * rendered the error by then.
 */
export function installUnavailable(provider: Provider, { isOurs, isPlain }: OurRequests): void {
  provider.on('server_error', (ctx, error: unknown) => {
    if (!isOurs(ctx as Context)) return
    ctx.body = { error: 'server_error', error_description: 'oops! something went wrong' }
    if (!isTransient(error)) return
    ctx.status = 503
    retryAfter(ctx as Context, retrySeconds)
  })
  const hide = (ctx: KoaContextWithOIDC, error: unknown) => {
    if (error instanceof errors.OIDCProviderError || !isPlain(ctx)) return
    ctx.status = 500
    provider.emit('server_error', ctx, error as Error)
  }
  provider.on('grant.error', hide)
  provider.on('revocation.error', hide)
}

const driverErrors = /^Mongo(Network|NetworkTimeout|ServerSelection|StalePrimary|OperationTimeout)Error$/
const poolErrors = /^(MongoPoolCleared|MongoPoolClosed|PoolClearedOnNetwork|MongoWaitQueueTimeout)Error$/
// a member has left the replica set, or this node is being shut down: another one answers the retry
const closedErrors = /^Mongo(ServerClosed|TopologyClosed|ClientClosed|NotConnected)Error$/
// of MongoDB: not primary, not reachable, stepping down, shutting down, recovering; no majority in time
const serverCodes = new Set([6, 7, 64, 89, 91, 133, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436])
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
  const isDriver =
    typeof name === 'string' && [driverErrors, poolErrors, closedErrors].some((names) => names.test(name))
  const isServer = typeof name === 'string' && name.startsWith('Mongo') && serverCodes.has(code as number)
  const isLabelled = Array.isArray(errorLabels) && labels.some((label) => errorLabels.includes(label))
  return isDriver || isServer || isLabelled || isTransient(cause, depth + 1)
}
