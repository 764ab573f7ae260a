import type { NotificationContext } from './notification_receiver.js'

/** A request of `node:http`, as far as the listener reads it. Nothing of Node.js is imported, so that this runs everywhere. */
export interface IncomingRequest {
  method?: string | undefined
  url?: string | undefined
  headers: { [name: string]: string | string[] | undefined }
  /** what a body parser made of the body */
  body?: unknown
  /** whether the body was read to its end */
  readableEnded?: boolean
  /** Hands out the body. */
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  /** The body has ended. */
  on(event: 'end', listener: () => void): unknown
  /** The body was cut off. */
  on(event: 'error', listener: (error: Error) => void): unknown
  /** The connection has ended. */
  on(event: 'close', listener: () => void): unknown
  /** Stops the body. */
  pause(): unknown
  /** Lets the body go on. */
  resume(): unknown
}

/** A response of `node:http`, as far as the listener writes it. */
export interface OutgoingResponse {
  /** Writes status and headers. */
  writeHead(
    status: number,
    headers: Record<string, string>,
  ): {
    /** Ends the answer. */
    end(text?: string): unknown
  }
}

/** A listener of `node:http`, and a handler of Express. It resolves when the answer is given. */
export type NodeListener = (request: IncomingRequest, response: OutgoingResponse) => Promise<void>

const unreadable =
  'the body was read before: put this listener before the body parser, or the parsed body into request.body'

/**
 * A Fetch handler as a listener of `node:http`. Express takes it as it is, before or behind a body parser.
 *
 * ```ts
 * import { createServer } from 'node:http'
 * import { toNodeListener } from 'oidc-provider-deferred/client'
 *
 * createServer(toNodeListener(receive)).listen(3000)
 * express().post('/notified', toNodeListener(receive))
 * new Koa().use((ctx) => toNodeListener(receive)(ctx.req, ctx.res))
 * ```
 *
 * With Koa it goes before the body parser. Behind one, hand the body over: `Object.assign(ctx.req, { body: ctx.request.body })`.
 * If the handler fails, the answer is 500 without a body, and `console.error` gets the error.
 */
export function toNodeListener(
  receive: (request: Request, context?: NotificationContext) => Promise<Response>,
): NodeListener {
  return async (incoming, outgoing) => {
    // ended and without a body: nobody can read it any more, and the receiver would wait for it
    if (incoming.readableEnded && incoming.body === undefined) {
      outgoing.writeHead(500, { 'content-type': 'text/plain' }).end(unreadable)
      return
    }
    const request = toRequest(incoming)
    const { status, headers, text } = request ? await answerTo(request, receive) : { ...noBody, status: 400 }
    outgoing.writeHead(status, headers).end(text)
    // a body that nobody wanted would block the connection; one that was cut off cannot be cancelled
    if (request?.body && !request.body.locked) await request.body.cancel().catch(() => undefined)
  }
}

const noBody = { headers: {}, text: '' }

// nobody catches the rejection of a listener of `node:http`: it would end the process
async function answerTo(request: Request, receive: (request: Request) => Promise<Response>) {
  try {
    const response = await receive(request)
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  } catch (error) {
    console.error(error)
    return { ...noBody, status: 500 }
  }
}

/** The request; nothing for one that the Fetch API forbids, with the method TRACE for example. */
function toRequest(incoming: IncomingRequest): Request | undefined {
  const { method = 'GET', url = '/' } = incoming
  const isParsed = incoming.body !== undefined && incoming.readableEnded !== false
  const body = method === 'GET' || method === 'HEAD' ? null : isParsed ? bytesOf(incoming.body) : streamOf(incoming)
  const headers = headersOf(incoming.headers, isParsed)
  try {
    // a request line may have anything but a path
    return new Request(`http://receiver.invalid${url.startsWith('/') ? url : '/'}`, {
      method,
      headers,
      body,
      duplex: 'half',
    } as RequestInit)
  } catch {
    return undefined
  }
}

function headersOf(given: IncomingRequest['headers'], isParsed: boolean): [string, string][] {
  return Object.entries(given).flatMap(([name, value]): [string, string][] => {
    // those of HTTP/2 that are no headers, and the length of the body before it was parsed
    if (value === undefined || name.startsWith(':') || (isParsed && name === 'content-length')) return []
    return [[name, String(value)]]
  })
}

function bytesOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
    ? (body as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(body)
}

function streamOf(incoming: IncomingRequest): ReadableStream<Uint8Array> {
  let isOver = false
  return new ReadableStream({
    start(controller) {
      const end = (work: () => void) => () => {
        if (!isOver) work()
        isOver = true
      }
      const close = end(() => controller.close())
      const fail = end(() => controller.error())
      incoming.on('data', (chunk) => {
        if (isOver) return
        controller.enqueue(chunk)
        incoming.pause()
      })
      incoming.on('end', close)
      incoming.on('error', fail)
      incoming.on('close', fail)
    },
    pull() {
      incoming.resume()
    },
    // the rest is thrown away, so that the client gets its answer
    cancel() {
      isOver = true
      incoming.resume()
    },
  })
}
