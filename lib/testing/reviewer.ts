import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type Approval, type Denial, toApproval, toDenial, toInteraction, toProgress } from '../deferral/decision.js'
import type { Deferral, Interaction, Progress } from '../deferral/deferral.js'
import { isObject } from '../deferral/json.js'
import { extend } from '../deferral/transitions.js'
import { warnOfFault } from '../deferral/warnings.js'
import { pluginOf } from '../plugin.js'

/** One step of a script. `wait` leaves the deferral as it is, `expire` ends its time. */
export type Step =
  | 'approve'
  | 'deny'
  | 'wait'
  | 'expire'
  | { approve: Approval }
  | { deny: Denial }
  | { progress: Progress }
  | { requireInteraction: Interaction }

/**
 * What happens to a deferral. The n-th poll finds the n-th step done; the last one stays. Polls that come too early do not count.
 * As a function it is asked about each new deferral.
 */
export type Script = Step | readonly Step[] | ((deferral: Deferral) => Step | readonly Step[])

/** A reviewer who decides as a test wants. */
export interface Reviewer {
  /**
   * Approves everything that is pending now; with a quorum it is the vote of `by`. Resolves to what is approved now: a vote that does
   * not complete the quorum is not.
   */
  approveAll(approval?: Approval): Promise<Deferral[]>
  /** Denies everything that is pending now. Resolves to what it has denied. */
  denyAll(denial?: Denial): Promise<Deferral[]>
  /** From now on follows this script with every new deferral. A provider has one script: it replaces the one before. */
  follow(script: Script): void
  /** Follows no script any more. */
  stop(): void
}

/**
 * A reviewer for tests, who decides by hand or by a script.
 *
 * ```ts
 * await reviewer(provider).approveAll()
 *
 * // the first poll has to wait, the second sees progress, the third gets tokens
 * reviewer(provider).follow(['wait', { progress: { step: 'checked' } }, 'approve'])
 *
 * // no more than was asked for, and no payments
 * reviewer(provider).follow(({ scope }) => (scope.includes('payments') ? { deny: { description: 'No payments' } } : 'approve'))
 * ```
 */
export function reviewer(provider: Provider): Reviewer {
  const { deferrals } = provider
  if (!deferrals) throw new TypeError('reviewer: the provider has no features.deferredTokenResponse')
  const stop = () => following.get(provider)?.()
  return {
    approveAll: (approval) => decideAll(provider, (id) => deferrals.approve(id, { by, ...approval })),
    denyAll: (denial) => decideAll(provider, (id) => deferrals.deny(id, { by, ...denial })),
    follow(script) {
      if (typeof script !== 'function') stepsOf(script)
      stop()
      following.set(provider, follow(provider, script))
    },
    stop,
  }
}

const by = 'reviewer'

// ends the script of a provider
const following = new WeakMap<Provider, () => void>()

async function decideAll(
  provider: Provider,
  decide: (id: string) => Promise<{ deferral: Deferral; changed: boolean }>,
): Promise<Deferral[]> {
  const decisions = await Promise.all((await pending(provider)).map(({ id }) => decide(id)))
  // a vote changes it, too
  return decisions.flatMap(({ changed, deferral }) => (changed && deferral.status !== 'pending' ? [deferral] : []))
}

async function pending(provider: Provider, cursor?: string): Promise<Deferral[]> {
  const page = await provider.deferrals.list({ status: 'pending', limit: 100, ...(cursor !== undefined && { cursor }) })
  return page.cursor === undefined ? page.deferrals : [...page.deferrals, ...(await pending(provider, page.cursor))]
}

function follow(provider: Provider, script: Script): () => void {
  const left = new Map<string, Step[]>()
  const next = (id: string) => {
    const step = left.get(id)?.shift()
    if (step === undefined) left.delete(id)
    else take(provider, id, step).catch((error) => warnOfFault('a step of the script', error))
  }
  const begin = (deferral: Deferral) => {
    try {
      left.set(deferral.id, stepsOf(typeof script === 'function' ? script(deferral) : script))
    } catch (error) {
      return warnOfFault('the script', error)
    }
    next(deferral.id)
  }
  // a pending answer is an error of the grant, to the host
  const polled = ({ oidc }: KoaContextWithOIDC) => {
    const { params, entities } = oidc as { params?: Record<string, unknown>; entities: { Deferral?: Deferral } }
    const isPoll = params?.deferral_code !== undefined || params?.deferred_auth_id !== undefined
    if (isPoll && entities.Deferral) next(entities.Deferral.id)
  }
  // in the openid profile the client has its poll handle after the exchange
  const created = (deferral: Deferral) => {
    if (deferral.exchangedAt) begin(deferral)
  }
  provider.on('deferral.created', created)
  provider.on('deferral.exchanged', begin)
  provider.on('grant.error', polled)
  return () => {
    provider.off('deferral.created', created)
    provider.off('deferral.exchanged', begin)
    provider.off('grant.error', polled)
  }
}

const words: readonly unknown[] = ['approve', 'deny', 'wait', 'expire']
const verbs = ['approve', 'deny', 'progress', 'requireInteraction']

/** The steps of a script. Throws for one that nobody can take. */
function stepsOf(script: Step | readonly Step[]): Step[] {
  const steps = [script].flat() as Step[]
  steps.forEach(assertStep)
  return steps
}

function assertStep(step: Step): void {
  if (words.includes(step)) return
  const entries = isObject(step) ? Object.entries(step) : []
  if (typeof step !== 'string' && entries.length === 1) {
    if ('approve' in step) return void toApproval(step.approve)
    if ('deny' in step) return void toDenial(step.deny)
    if ('progress' in step) return void toProgress(step.progress)
    if ('requireInteraction' in step) return void toInteraction(step.requireInteraction)
  }
  throw new TypeError(`script: a step is one of ${words.join(', ')}, or an object with one of ${verbs.join(', ')}`)
}

async function take(provider: Provider, id: string, step: Step): Promise<unknown> {
  const { deferrals } = provider
  if (step === 'wait') return undefined
  if (step === 'approve') return deferrals.approve(id, { by })
  if (step === 'deny') return deferrals.deny(id, { by })
  if (step === 'expire') return pluginOf(provider)?.records.transit(id, extend(0))
  if ('approve' in step) return deferrals.approve(id, { by, ...step.approve })
  if ('deny' in step) return deferrals.deny(id, { by, ...step.deny })
  if ('progress' in step) return deferrals.progress(id, step.progress)
  return deferrals.requireInteraction(id, step.requireInteraction)
}
