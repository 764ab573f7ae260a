import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.js'

/** A server that listens on localhost. It has no request handler yet. */
export interface Listening {
  server: Server
  origin: string
}

/** Listens on a port, or on any free port with 0. With a certificate it speaks https, without one http. */
export async function listen(port: number, certificate?: Certificate): Promise<Listening> {
  const server = certificate ? createSecureServer({ ...certificate }) : createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const scheme = certificate ? 'https' : 'http'
  return { server, origin: `${scheme}://localhost:${(server.address() as AddressInfo).port}` }
}

/** Stops. Requests under way have half a second to finish. */
export async function close({ server }: Listening): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  const patience = setTimeout(() => server.closeAllConnections(), 500)
  await closed
  clearTimeout(patience)
}
