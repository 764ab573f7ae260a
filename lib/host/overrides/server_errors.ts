import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Context } from '../context.js'
import { retryAfter } from '../request/answer.js'

/** Seconds of `Retry-After`. An election in a replica set may take about ten. */
const retrySeconds = 5

/** Tells the plugin's requests from others. */
export interface OurRequests {
  /** whether this request speaks one of the drafts */
  isOurs: (ctx: Context) => boolean
  /**
   * whether only the plugin can answer this request: an error of an integrator's callback is then never a 4xx for the client
   */
  isPlain: (ctx: Context) => boolean
}

/**
 * Answers 503 with `Retry-After` when a temporary fault hits a request of ours: clients that poll would give up at 500. Any
 * other fault is 500. The body never shows the fault, even if the error has `expose` or `statusCode`. This needs no override:
 * the host emits its error events after it has rendered the error.
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
// a member has left the replica set, or this node is shutting down: another node can answer the retry
const closedErrors = /^Mongo(ServerClosed|TopologyClosed|ClientClosed|NotConnected)Error$/
// codes of MongoDB: not primary, not reachable, stepping down, shutting down, recovering, no majority in time
const serverCodes = new Set([6, 7, 64, 89, 91, 133, 134, 189, 262, 9001, 10058, 10107, 11600, 11602, 13435, 13436])
const labels = ['RetryableWriteError', 'TransientTransactionError']

interface Fault {
  name?: unknown
  code?: unknown
  cause?: unknown
  isTransient?: unknown
  errorLabels?: unknown
}

/**
 * Whether a fault is temporary: one of MongoDB's, or one that a store marks with `isTransient: true`. Looks at its causes too.
 */
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
