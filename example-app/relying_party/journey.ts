import { randomBytes, randomUUID } from 'node:crypto'
import {
  cancel as cancelDeferral,
  deferrableCodeGrant,
  deferredCodeExchange,
  type Outcome,
} from 'oidc-provider-deferred/client'
import {
  AuthorizationResponseError,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { Collection } from '../storage/collection.js'
import type { Journey, Purpose } from '../storage/entries.js'
import { deferred, ended, granted } from './answers.js'
import { authorizationUrl, type Op } from './op.js'
import type { Waits } from './waits.js'

export interface Journeys {
  /** Begins a journey. Returns the address to redirect the browser to. */
  begin(session: string, purpose: Purpose): Promise<URL>
  /** The browser is back with the authorization response: starts to wait, or has the final answer at once. */
  arrive(session: string, query: URLSearchParams): Promise<Purpose>
  latest(session: string, purpose: Purpose): Promise<Journey | undefined>
  cancel(session: string, purpose: Purpose): Promise<void>
}

export function createJourneys(op: () => Promise<Op>, journeys: Collection<Journey>, waits: Waits): Journeys {
  const latest = async (session: string, purpose: Purpose) => (await journeys.find({ session, purpose })).at(-1)

  async function begin(session: string, purpose: Purpose): Promise<URL> {
    const secrets = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() }
    const url = await authorizationUrl(await op(), purpose, secrets)
    const started = { status: 'started', deferral: null, handle: null } as const
    await journeys.insert({ _id: randomUUID(), createdAt: new Date(), session, purpose, ...started, ...secrets })
    return url
  }

  async function arrive(session: string, query: URLSearchParams): Promise<Purpose> {
    const [journey] = await journeys.find({ session, state: query.get('state') ?? '', status: 'started' })
    if (!journey) throw new Error('this browser has no journey with this state')
    const changes = await changesOf(await op(), journey, query)
    const changed = await journeys.update(journey._id, { status: 'started' }, changes)
    if (changed?.status === 'checking') waits.start(changed)
    return journey.purpose
  }

  async function cancel(session: string, purpose: Purpose): Promise<void> {
    const journey = await latest(session, purpose)
    if (!journey?.deferral) return
    await waits.stop(journey.deferral.handle)
    // The last poll may have brought the final answer.
    const current = await journeys.get(journey._id)
    if (current?.status !== 'checking') return
    try {
      await cancelDeferral((await op()).configuration, journey.deferral)
      await journeys.update(current._id, { status: 'checking' }, { status: 'cancelled' })
    } catch (error) {
      waits.start(current)
      throw error
    }
  }

  return { begin, arrive, latest, cancel }
}

/** What the authorization response means for the journey. Rejects when it is not the provider's answer to this journey. */
async function changesOf(op: Op, journey: Journey, query: URLSearchParams): Promise<Partial<Journey>> {
  try {
    const { tokens, deferral } = await redeem(op, journey, query)
    return deferral ? deferred(deferral) : granted(journey.purpose, tokens)
  } catch (error) {
    if (error instanceof AuthorizationResponseError)
      return { status: 'refused', reason: error.error_description ?? error.error }
    if (error instanceof ResponseBodyError && error.status < 500) return ended(error)
    throw error
  }
}

/** An account always waits. A sign-in gets tokens at once, unless the token endpoint defers it. */
async function redeem(op: Op, journey: Journey, query: URLSearchParams): Promise<Outcome> {
  const { purpose, state, nonce, codeVerifier } = journey
  const currentUrl = new URL(`${op.redirectUri}?${query}`)
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier }
  const options = { notificationToken: randomBytes(32).toString('base64url') }
  if (purpose === 'banking') return deferrableCodeGrant(op.configuration, currentUrl, checks, {}, options)
  return { deferral: await deferredCodeExchange(op.configuration, currentUrl, checks, {}, options) }
}
