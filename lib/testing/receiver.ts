import { createServer } from 'node:https'
import { toNodeListener } from '../client/node_listener.js'
import { integer, mustBe, refuseUnknown } from '../deferral/shape.js'
import type { NotificationOptions } from '../options/options.js'
import { selfSigned } from './certificate.js'
import { close, listen } from './listen.js'
import { namesOf } from './names_of.js'

/** A notification as it arrived. */
export interface ReceivedNotification {
  at: Date
  /** path and query of the endpoint */
  path: string
  /** `deferred_auth_id` of the openid profile, `deferral_code` of the oauth profile */
  handle: string | undefined
  /** the bearer token that the client had sent with its request */
  token: string | undefined
  headers: Headers
  body: string
}

/** How a receiver answers. */
export interface ReceiverOptions {
  /** the answer to a notification; 204 by default, 500 where it throws. A `notificationReceiver` of `./client` will do */
  answer?: (request: Request) => Promise<Response> | Response
}

/** A client's notification endpoint on loopback. */
export interface RecordingReceiver {
  /** for `deferred_client_notification_endpoint` of the client */
  endpoint: string
  /** for the option `notification` of the provider: so it reaches this endpoint, and trusts its certificate */
  notification: NotificationOptions
  /** what has arrived, oldest first */
  received: ReceivedNotification[]
  /** Resolves when `count` notifications have arrived. Rejects after `seconds` (30 by default, at most a day). A wrong argument is a `TypeError`. */
  waitFor(count: number, seconds?: number): Promise<ReceivedNotification[]>
  /** Closes the port. */
  close(): Promise<void>
  /** Calls `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const host = 'rp.example'

const checkCount = integer('a whole number such as 1', 0)
const checkSeconds = mustBe(
  'a number of seconds such as 30, at most a day',
  (value): value is number => typeof value === 'number' && value >= 0 && value <= 86_400,
)

/**
 * Receives notifications as a client would, over TLS, and records them.
 *
 * ```ts
 * await using receiver = await recordingReceiver()
 * const provider = new Provider(issuer, {
 *   clients: [{ ...client, deferred_client_notification_endpoint: receiver.endpoint }],
 *   features: { deferredTokenResponse: { keys: [randomBytes(32)], notification: receiver.notification } },
 * })
 * const { id, handle } = await createDeferral(provider, { clientId: 'bank' })
 * await provider.deferrals.approve(id)
 * const [notification] = await receiver.waitFor(1)       // notification.handle is handle
 * ```
 */
export async function recordingReceiver(options: ReceiverOptions = {}): Promise<RecordingReceiver> {
  refuseUnknown(options, namesOf<ReceiverOptions>({ answer: true }), 'recordingReceiver:')
  const { answer = noContent } = options
  const received: ReceivedNotification[] = []
  const waiting = new Set<() => void>()
  const { key, cert } = selfSigned(host)
  const server = createServer(
    { key, cert },
    toNodeListener(async (request) => {
      const body = await request
        .clone()
        .text()
        .catch(() => undefined)
      // cut off: nobody reads the answer
      if (body === undefined) return new Response(null, { status: 400 })
      received.push(recordOf(request, body))
      for (const look of waiting) look()
      return answered(answer, request)
    }),
  )
  const port = await listen(server)
  const stop = () => close(server)
  return {
    endpoint: `https://${host}:${port}/notified`,
    notification: { allow: ['127.0.0.1'], ports: [port], ca: cert, resolve: () => ['127.0.0.1'] },
    received,
    waitFor: (count, seconds = 30) =>
      new Promise((resolve, reject) => {
        checkCount(count, 'waitFor: count')
        checkSeconds(seconds, 'waitFor: seconds')
        const look = () => {
          if (received.length < count) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve([...received])
        }
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`${received.length} of ${count} notifications came within ${seconds} seconds`))
        }, seconds * 1000)
        waiting.add(look)
        look()
      }),
    close: stop,
    [Symbol.asyncDispose]: stop,
  }
}

// the provider hears of a fault, and tries again
async function answered(answer: NonNullable<ReceiverOptions['answer']>, request: Request): Promise<Response> {
  try {
    return await answer(request)
  } catch {
    return new Response(null, { status: 500 })
  }
}

function noContent(): Response {
  return new Response(null, { status: 204 })
}

function recordOf({ headers, url }: Request, body: string): ReceivedNotification {
  const { pathname, search } = new URL(url)
  const [, token] = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '') ?? []
  return { at: new Date(), path: pathname + search, handle: handleIn(body), token, headers, body }
}

function handleIn(body: string): string | undefined {
  try {
    const { deferred_auth_id, deferral_code } = JSON.parse(body)
    return deferred_auth_id ?? deferral_code
  } catch {
    return undefined
  }
}
