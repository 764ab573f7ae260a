import { randomUUID } from 'node:crypto'
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client'
import type { Collection } from '../storage/collection.js'
import type { Journey } from '../storage/entries.js'
import { readAuthorizationResponse } from './authorization_response.js'
import { cancel, exchange } from './back_channel.js'
import { authorizationUrl, type Op } from './op.js'
import type { Poller } from './poller.js'

export interface Journeys {
  /** Begins a journey and returns where the browser goes first. */
  begin(visit: string): Promise<URL>
  /** The browser is back: takes up the wait, or learns at once that there is nothing to wait for. */
  arrive(visit: string, query: URLSearchParams): Promise<void>
  latest(visit: string): Promise<Journey | undefined>
  giveUp(visit: string): Promise<void>
}

export function createJourneys(op: () => Promise<Op>, journeys: Collection<Journey>, poller: Poller): Journeys {
  const latest = async (visit: string) => (await journeys.find({ visit })).at(-1)

  async function begin(visit: string): Promise<URL> {
    const secrets = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() }
    const url = await authorizationUrl(await op(), secrets)
    const started = { status: 'started', deferredAuthId: null, interval: 0 } as const
    await journeys.insert({ _id: randomUUID(), createdAt: new Date(), visit, ...started, ...secrets })
    return url
  }

  async function arrive(visit: string, query: URLSearchParams): Promise<void> {
    const [journey] = await journeys.find({ visit, state: query.get('state') ?? '', status: 'started' })
    if (!journey) throw new Error('no journey of this browser is waiting for this answer')
    const found = await op()
    const response = readAuthorizationResponse(found, query, journey.state)
    const changed = await journeys.update(journey._id, { status: 'started' }, await outcome(found, response, journey))
    if (changed?.status === 'checking') poller.watch(changed)
  }

  async function giveUp(visit: string): Promise<void> {
    const shown = await latest(visit)
    if (!shown) return
    await poller.stop(shown._id)
    // The last question may have brought the answer.
    const journey = await journeys.get(shown._id)
    if (journey?.status !== 'checking' || !journey.deferredAuthId) return
    try {
      await cancel(await op(), journey.deferredAuthId)
      await journeys.update(journey._id, { status: 'checking' }, { status: 'cancelled', deferredAuthId: null })
    } catch (error) {
      poller.watch(journey)
      throw error
    }
  }

  return { begin, arrive, latest, giveUp }
}

type Response = ReturnType<typeof readAuthorizationResponse>

async function outcome(op: Op, response: Response, { codeVerifier }: Journey): Promise<Partial<Journey>> {
  if ('error' in response) return { status: 'refused', reason: response.description ?? response.error }
  return { status: 'checking', ...(await exchange(op, response.deferredCode, codeVerifier)) }
}
