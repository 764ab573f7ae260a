import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** The end-user's device as Keycloak knows it: an endpoint that is asked, and answers later with the token it was given. */
export interface AuthenticationChannel {
  url: string
  /** the `authorization` header of the question with this binding message */
  authorizationOf(bindingMessage: string): string
  stop(): void
}

export async function openAuthenticationChannel(): Promise<AuthenticationChannel> {
  const asked = new Map<string, string>()
  const server = createServer(async (req, res) => {
    const body = await json(req)
    if (body !== null && typeof body === 'object' && 'binding_message' in body) {
      asked.set(String(body.binding_message), req.headers.authorization ?? '')
    }
    res.writeHead(201).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    authorizationOf(bindingMessage) {
      const authorization = asked.get(bindingMessage)
      if (!authorization) throw new Error(`Keycloak did not ask about ${bindingMessage}`)
      return authorization
    },
    stop() {
      server.close()
    },
  }
}
