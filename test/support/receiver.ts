import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { NotificationOptions } from 'oidc-provider-deferred'
import { type Authority, createAuthority } from './authority.js'

/** A notification as it arrived. */
export interface Arrival {
  /** milliseconds of the monotonic clock */
  at: number
  method: string
  url: string
  headers: IncomingHttpHeaders
  /** names and values as they were sent */
  rawHeaders: string[]
  body: string
  /** which TLS version carried it */
  protocol: string | null
}

/** What the receiver does with the n-th notification, 1 for the first. */
export type Behaviour = (response: ServerResponse, arrival: Arrival, n: number, request: IncomingMessage) => void

/** A client's notification endpoint on loopback, over TLS, under a name of the public internet. */
export interface Receiver {
  port: number
  /** for the client's metadata */
  endpoint: string
  arrivals: Arrival[]
  /** TCP connections so far */
  connections: number
  behave: Behaviour
  /** options with which a provider reaches it: its name resolves to loopback, which is allowed, and its authority is trusted */
  notification: NotificationOptions
  /** resolves when this many have arrived */
  arrived(count: number): Promise<Arrival[]>
  close(): Promise<void>
}

/** An answer with this status and nothing else. */
export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end()

const host = 'rp.example'

/** Starts one that answers 204 unless told. */
export async function startReceiver(behave: Behaviour = answering(204), authority?: Authority): Promise<Receiver> {
  const { ca, issue } = authority ?? (await createAuthority())
  const server = createServer(await issue([host]))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    port,
    endpoint: `https://${host}:${port}/notified`,
    arrivals: [],
    connections: 0,
    behave,
    notification: { allow: ['127.0.0.0/8'], ports: [port], ca, resolve: () => ['127.0.0.1'] },
    arrived: (count) => until(() => receiver.arrivals.length >= count).then(() => receiver.arrivals),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  server.on('connection', () => {
    receiver.connections += 1
  })
  server.on('request', async (request, response) => {
    const arrival = await read(request)
    receiver.arrivals.push(arrival)
    receiver.behave(response, arrival, receiver.arrivals.length, request)
  })
  return receiver
}

/** Waits for something that happens in its own time; rejects when it does not. The limit is one that a busy machine does not reach. */
export async function until(isThere: () => boolean | Promise<boolean>, seconds = 120): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!(await isThere())) {
    if (performance.now() > end) throw new Error(`it did not happen within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function read(request: IncomingMessage): Promise<Arrival> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { method = '', url = '', headers, rawHeaders, socket } = request
  const protocol = (socket as { getProtocol?: () => string | null }).getProtocol?.() ?? null
  return { at: performance.now(), method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString(), protocol }
}
