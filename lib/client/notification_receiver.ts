/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Ping Callback", and OAuth 2.0 Deferred Token Response, "Client Callback": the
 * provider tells the client that one of its deferrals has ended. The message names the deferral and not the outcome. It is only a
 * reason to poll now.
 */

/** What a receiver has to know about a deferral. The deferrals of this package have these members. */
export interface NotifiedDeferral {
  /** the secret that the client sent with its exchange or its token request */
  notificationToken?: string | undefined
  profile?: 'openid' | 'oauth' | undefined
}

/** What `notificationReceiver` needs. */
export interface NotificationReceiverOptions<T extends NotifiedDeferral> {
  /** The deferral with this handle, from wherever the client keeps its deferrals. Nothing: the answer is 401. */
  find(handle: string): Promise<T | null | undefined> | T | null | undefined
  /** Called after the answer, once for each notification, repeated ones too. It has to poll: the notification proves nothing. */
  onNotified(handle: string, deferral: T): unknown
  /** Told what `find` and `onNotified` throw; by default `console.error`. */
  onError?(error: unknown): unknown
}

/** What the platform of a Fetch handler offers: workers keep running for the promises given to `waitUntil`. */
export interface NotificationContext {
  /** Keeps the process running until `work` is done. */
  waitUntil?(work: Promise<unknown>): void
}

/** Answers a request. A handler of the Fetch API, as Deno, Bun, workers and most frameworks take them. */
export type NotificationReceiver = (request: Request, context?: NotificationContext) => Promise<Response>

const profiles = new Map([
  ['deferred_auth_id', 'openid'],
  ['deferral_code', 'oauth'],
])

// bytes; a handle in JSON needs about a hundred
const largestBody = 4096
// the provider sends its body at once
const bodySeconds = 10

// RFC 6750, section 2.1
const bearerSyntax = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * A client's notification endpoint, for both profiles. It answers 204 before `onNotified` is called, and refuses every other
 * message: a method but POST (405), a body that is not `application/json` (415), comes too slowly (408), has more than 4 KiB
 * (413) or not exactly one member (400). An unknown handle and a wrong bearer token get the same 401. 503 where `find` throws:
 * the provider sends the notification again.
 *
 * Tokens are compared in constant time. A deferral without `notificationToken` is never notified: anybody could do it.
 *
 * ```ts
 * import { notificationReceiver } from 'oidc-provider-deferred/client'
 *
 * const receive = notificationReceiver({
 *   find: (handle) => deferrals.get(handle),
 *   onNotified: (handle) => wake(handle),
 * })
 *
 * export default { fetch: (request, env, context) => receive(request, context) }
 * ```
 */
export function notificationReceiver<T extends NotifiedDeferral>(
  options: NotificationReceiverOptions<T>,
): NotificationReceiver {
  const { find, onNotified, onError = console.error } = options
  const report = (error: unknown) => attempt(() => onError(error)).catch(console.error)

  return async (request, context) => {
    const message = await read(request)
    if (message instanceof Response) return message
    const { bearer, handle, profile } = message
    let deferral: T | null | undefined
    try {
      deferral = await find(handle)
    } catch (error) {
      await report(error)
      return answer(503)
    }
    const isSame = await isEqual(bearer, deferral?.notificationToken ?? '')
    if (!deferral?.notificationToken || !isSame || (deferral.profile ?? profile) !== profile) return unauthorized()
    const notified = deferral
    const work = afterwards(() => onNotified(handle, notified)).catch(report)
    // as a method: workers need their own object as `this`
    context?.waitUntil?.(work)
    return answer(204)
  }
}

/** A notification whose form is right. */
interface Message {
  bearer: string
  handle: string
  profile: string
}

async function read(request: Request): Promise<Message | Response> {
  if (request.method !== 'POST') return answer(405, { allow: 'POST' })
  if (!/^application\/json *(;|$)/i.test(request.headers.get('content-type') ?? '')) return answer(415)
  const [, bearer] = bearerSyntax.exec(request.headers.get('authorization') ?? '') ?? []
  if (bearer === undefined) return unauthorized()
  const text = await textOf(request)
  if (text instanceof Response) return text
  const [[name = '', handle] = [], ...others] = membersOf(text)
  const profile = profiles.get(name)
  if (profile === undefined || typeof handle !== 'string' || others.length > 0) return answer(400)
  return { bearer, handle, profile }
}

function membersOf(json: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(json) ?? {})
  } catch {
    return []
  }
}

async function textOf({ body }: Request): Promise<string | Response> {
  if (!body) return ''
  const reader = body.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Response>((resolve) => {
    timer = setTimeout(() => resolve(answer(408)), bodySeconds * 1000)
  })
  try {
    return await Promise.race([collect(reader), late])
  } catch {
    // cut off, or not UTF-8
    return answer(400)
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | Response> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let [text, length] = ['', 0]
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.byteLength
    if (length > largestBody) return answer(413)
    text += decoder.decode(value, { stream: true })
  }
}

// digests have one length, and tell nothing of what they were made from
async function isEqual(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(left), digest(right)])
  let difference = 0
  a.forEach((byte, index) => {
    difference |= byte ^ (b[index] as number)
  })
  return difference === 0
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
}

async function attempt(work: () => unknown): Promise<void> {
  await work()
}

// a timer, so that the answer is sent first
async function afterwards(work: () => unknown): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve))
  await work()
}

function answer(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, { status, headers })
}

function unauthorized(): Response {
  return answer(401, { 'www-authenticate': 'Bearer' })
}
