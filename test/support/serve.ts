import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers HTTP on loopback while `use` runs, at the origin it is called with. */
export async function serving<T>(listener: RequestListener, use: (origin: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** The discovery document as its bytes, the server's random port taken out. */
export function discoveryOf(provider: { callback(): RequestListener }): Promise<string> {
  return serving(provider.callback(), async (origin) => {
    const response = await fetch(`${origin}/.well-known/openid-configuration`)
    return (await response.text()).replaceAll(origin, 'http://op.example')
  })
}
