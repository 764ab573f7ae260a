import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { createAuthority } from '../support/authority.js'
import { notifiedClient } from '../support/clients.js'
import type { Reception } from './history.js'

/** What an endpoint answers to an attempt. */
type Answer = (response: ServerResponse, attempt: number) => void

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end()
// one fault is made up for five seconds later: a second one would take half a minute
const firstTime =
  (fault: Answer): Answer =>
  (response, attempt) =>
    attempt === 1 ? fault(response, attempt) : status(200)(response, attempt)

let calls = 0

/** The endpoints, one client each. */
const behaviours = {
  ok: status(204),
  slow: (response) => void setTimeout(() => response.writeHead(204).end(), 300 + 1200 * Math.random()),
  unavailable: firstTime(status(503, { 'retry-after': '6' })),
  reset: firstTime((response) => response.destroy()),
  hang: firstTime(() => undefined),
  flapping: firstTime((response, attempt) => {
    calls += 1
    status(calls % 2 ? 500 : 204)(response, attempt)
  }),
  unauthorized: status(401),
  moved: status(301, { location: 'https://ok.rp.example/' }),
} satisfies Record<string, Answer>

export type Behaviour = keyof typeof behaviours

export const names = Object.keys(behaviours) as Behaviour[]

/** What is answered for good, by those that are never reached. */
export const refusals: Partial<Record<Behaviour, number>> = { unauthorized: 401, moved: 301 }

export const secret = 'a secret of every client'

/** The notification endpoints of all clients, on loopback, over TLS. */
export interface Endpoints {
  receptions: Reception[]
  /** options with which a provider process reaches them */
  notification: { allow: string[]; ports: number[]; ca: string; hosts: Record<string, string[]> }
  /** the clients as this provider process knows them: what it sends says that it was it */
  clients(sender: number): DeferringClientMetadata[]
  close(): Promise<void>
}

const hostOf = (behaviour: Behaviour) => `${behaviour}.rp.example`

/** Starts them all in this process. */
export async function startEndpoints(): Promise<Endpoints> {
  const { ca, issue } = await createAuthority()
  const hosts = names.map(hostOf)
  const receptions: Reception[] = []
  const server = createServer(await issue(hosts), (request, response) => void receive(request, response, receptions))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const resolved = Object.fromEntries(hosts.map((host) => [host, ['127.0.0.1']]))
  return {
    receptions,
    notification: { allow: ['127.0.0.0/8'], ports: [port], ca, hosts: resolved },
    clients: (sender) => names.map((name) => notifiedClient(name, secret, `https://${hostOf(name)}:${port}/${sender}`)),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function receive(request: IncomingMessage, response: ServerResponse, receptions: Reception[]): Promise<void> {
  const { headers, url = '' } = request
  const reception: Reception = {
    id: String(headers['delivery-id']),
    attempt: Number(headers['delivery-attempt']),
    behaviour: headers.host?.split('.')[0] as Behaviour,
    sender: Number(url.slice(1)),
    at: performance.now(),
    body: '',
    authorization: headers.authorization,
  }
  receptions.push(reception)
  response.once('finish', () => {
    reception.status = response.statusCode
  })
  // a sender that dies in the middle of it
  reception.body = await text(request).catch(() => '')
  if (!request.complete) return
  behaviours[reception.behaviour](response, reception.attempt)
}
