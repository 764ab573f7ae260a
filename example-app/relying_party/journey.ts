import { randomBytes, randomUUID } from 'node:crypto'
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import type { Collection } from '../storage/collection.js'
import type { Journey, Purpose } from '../storage/entries.js'
import { readAuthorizationResponse } from './authorization_response.js'
import { exchange, cancel as sendCancellation } from './back_channel.js'
import { authorizationUrl, type Op } from './op.js'
import { redeem } from './poll.js'
import type { Poller } from './poller.js'

export interface Journeys {
  /** Begins a journey. Returns the address to redirect the browser to. */
  begin(session: string, purpose: Purpose): Promise<URL>
  /** The browser is back with the authorization response: starts to poll, or has the final answer at once. */
  arrive(session: string, query: URLSearchParams): Promise<Purpose>
  latest(session: string, purpose: Purpose): Promise<Journey | undefined>
  cancel(session: string, purpose: Purpose): Promise<void>
}

export function createJourneys(op: () => Promise<Op>, journeys: Collection<Journey>, poller: Poller): Journeys {
  const latest = async (session: string, purpose: Purpose) => (await journeys.find({ session, purpose })).at(-1)

  async function begin(session: string, purpose: Purpose): Promise<URL> {
    const secrets = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() }
    const url = await authorizationUrl(await op(), purpose, secrets)
    const _id = randomUUID()
    const notificationToken = randomBytes(32).toString('base64url')
    const started = { status: 'started', handle: null, interval: 0, notificationToken } as const
    await journeys.insert({ _id, createdAt: new Date(), session, purpose, ...started, ...secrets })
    return url
  }

  async function arrive(session: string, query: URLSearchParams): Promise<Purpose> {
    const [journey] = await journeys.find({ session, state: query.get('state') ?? '', status: 'started' })
    if (!journey) throw new Error('this browser has no journey with this state')
    const provider = await op()
    const response = readAuthorizationResponse(provider, query, journey.state)
    const changed = await journeys.update(
      journey._id,
      { status: 'started' },
      await outcome(provider, response, journey),
    )
    if (changed?.status === 'checking') poller.watch(changed)
    return journey.purpose
  }

  async function cancel(session: string, purpose: Purpose): Promise<void> {
    const journey = await latest(session, purpose)
    if (!journey) return
    await poller.stop(journey._id)
    // The last poll may have brought the final answer.
    const current = await journeys.get(journey._id)
    if (current?.status !== 'checking' || !current.handle) return
    try {
      await sendCancellation(await op(), current)
      await journeys.update(current._id, { status: 'checking' }, { status: 'cancelled' })
    } catch (error) {
      poller.watch(current)
      throw error
    }
  }

  return { begin, arrive, latest, cancel }
}

type Response = ReturnType<typeof readAuthorizationResponse>

async function outcome(op: Op, response: Response, journey: Journey): Promise<Partial<Journey>> {
  if ('error' in response) return { status: 'refused', reason: response.description ?? response.error }
  if ('code' in response) return redeem(op, journey, response.code)
  return { status: 'checking', ...(await exchange(op, response.deferredCode, journey)) }
}
