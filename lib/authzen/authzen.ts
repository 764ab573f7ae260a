import { randomUUID } from 'node:crypto'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { DeferredTokenResponseOptions, JsonObject, TakeStep } from '../index.js'
import { createEgress } from '../notification/egress/egress.js'
import { egressRules } from '../notification/egress/rules.js'
import { isTrusted } from './access_request.js'
import { type CallbackReceiver, callbackReceiver } from './callback.js'
import type { Decider } from './decider.js'
import { defer } from './defer.js'
import { createAsk } from './http.js'
import { createMetadata } from './metadata.js'
import { type AuthzenOptions, settingsOf } from './options.js'
import { createPauses } from './pauses.js'
import { createEvaluate } from './pdp.js'
import { reconsider } from './reconsider.js'
import { createRefreshCheck, type Rotation, reconsideredRotation } from './refresh.js'
import { takeStep } from './step.js'
import { fromTask } from './task_state.js'

const keepAlive = 30_000

/** Members for `features.deferredTokenResponse`, and helpers for the host's configuration. */
export interface Authzen extends Required<Pick<DeferredTokenResponseOptions, 'defer' | 'reconsider'>> {
  /** with `accessRequest`, or `onUnavailable: 'defer'`: looks after the requests while clients wait */
  task?: TakeStep
  /** claims that the policy decision point adds to the access token of this request, for the host's `extraTokenClaims` */
  tokenClaims: (ctx: KoaContextWithOIDC) => JsonObject | undefined
  /**
   * For `rotateRefreshToken` of the host's configuration: asks again at each refresh of tokens that end with an approval. It takes
   * the value that would be there otherwise: whether to rotate, or a function that decides.
   */
  rotateRefreshToken: (rotate: Rotation) => (ctx: KoaContextWithOIDC) => Promise<boolean>
  /**
   * The route for callbacks of the access request service, a Fetch handler; needs `accessRequest.callback`. A callback decides
   * nothing: it only makes the provider look at the request now.
   */
  callback: (provider: Provider) => CallbackReceiver
  /** Closes the connections. */
  close(): Promise<void>
}

/**
 * Lets a policy decision point decide which requests get tokens, which are refused, and which wait. It is asked by the
 * Authorization API 1.0 when a request comes, and again when its tokens are minted.
 *
 * ```ts
 * const { defer, reconsider } = authzen({ pdp: 'https://pdp.example.com' })
 * const provider = new Provider(issuer, { features: { deferredTokenResponse: { defer, reconsider } } })
 * ```
 */
export function authzen(options: AuthzenOptions): Authzen {
  const settings = settingsOf(options)
  const { egress: permissions, authenticate, timeout, pdp, endpoints } = settings
  const egress = createEgress(egressRules(permissions), { ...permissions, keepAlive })
  const ask = createAsk(egress, authenticate, timeout)
  const metadata = createMetadata(pdp, endpoints, ask)
  const claims = new WeakMap<KoaContextWithOIDC, JsonObject>()
  const refreshCheck = createRefreshCheck(settings.alert)
  const decider: Decider = {
    settings,
    ask,
    metadata,
    evaluate: createEvaluate(ask, metadata),
    pauses: createPauses(),
    hasTasks: settings.accessRequest !== undefined || settings.onUnavailable === 'defer',
    warnOfRefreshTokens: refreshCheck.warn,
    keepClaims: (ctx, value) => void claims.set(ctx, value),
    // it begins with the id of the deferral, so that the logs of both sides can be joined
    requestIdOf: (id) => `${id}.${randomUUID()}`,
  }
  return {
    defer: (ctx, request) => defer(ctx, request, decider),
    reconsider: (ctx, deferral, task) => reconsider(ctx, deferral, task, decider),
    ...(decider.hasTasks && { task: taskOf(decider) }),
    tokenClaims: (ctx) => claims.get(ctx),
    rotateRefreshToken: (rotate) => {
      refreshCheck.use()
      return reconsideredRotation(rotate, decider)
    },
    callback: (provider) => callbackReceiver(provider, settings.accessRequest?.callback),
    close: () => egress.close(),
  }
}

function taskOf(decider: Decider): TakeStep {
  const { settings } = decider
  return async ({ state, hasEnded, deferral, ...work }) => {
    const taskState = fromTask(state)
    // of another `defer`: nothing is known about it
    if (!taskState) return {}
    const metadata = await decider.metadata()
    return takeStep(taskState, hasEnded, {
      ...decider,
      ...work,
      deferral,
      isTrusted: (url) => isTrusted(url, metadata, settings),
      alert: (problem, facts = {}) => settings.alert(problem, { deferral: deferral.id, ...facts }),
    })
  }
}
