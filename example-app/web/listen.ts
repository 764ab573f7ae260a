import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.js'

/** A server that listens on localhost, with nothing to say yet. */
export interface Listening {
  server: Server
  origin: string
}

/** Listens: over TLS with a certificate, in the clear without one; on any free port with 0. */
export async function listen(port: number, certificate?: Certificate): Promise<Listening> {
  const server = certificate ? createSecureServer({ ...certificate }) : createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const scheme = certificate ? 'https' : 'http'
  return { server, origin: `${scheme}://localhost:${(server.address() as AddressInfo).port}` }
}

/** Stops: what is being answered may finish, but nobody may hold on to a connection. */
export async function close({ server }: Listening): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  const patience = setTimeout(() => server.closeAllConnections(), 500)
  await closed
  clearTimeout(patience)
}
