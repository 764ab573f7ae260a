import { Agent, request } from 'node:http'

/** A token request. */
export interface TokenRequest {
  port: number
  body: string
  authorization: string
  /** seconds for which it asks to be held */
  wait?: number
}

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Sends it on a connection of its own; resolves to the status, and when the answer came. */
export function send({ port, body, authorization, wait }: TokenRequest): Promise<{ status: number; at: bigint }> {
  const headers = {
    authorization,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    ...(wait && { prefer: `wait=${wait}` }),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method: 'POST', path: '/token', headers }, (response) => {
      const at = process.hrtime.bigint()
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, at }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
