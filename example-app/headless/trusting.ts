import { request } from 'node:https'
import type { Certificate } from '../web/certificate.js'

async function secureFetch(url: URL, init: RequestInit, ca: string): Promise<Response> {
  // Encodes the body, and says how.
  const outgoing = new Request(url, init)
  const body = Buffer.from(await outgoing.arrayBuffer())
  const headers = { ...Object.fromEntries(outgoing.headers), 'Content-Length': body.length }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: outgoing.method, headers, ca })
    sent.once('error', reject)
    sent.once('response', async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      const received = new Headers()
      for (const [name, values] of Object.entries(answer.headersDistinct)) {
        for (const value of values ?? []) received.append(name, value)
      }
      const { statusCode: status = 500 } = answer
      resolve(new Response(chunks.length ? Buffer.concat(chunks) : null, { status, headers: received }))
    })
    sent.end(body)
  })
}

/** A `fetch` that trusts this one certificate besides those of the authorities, as a visitor does who clicks the warning away. */
export function trusting({ cert }: Certificate): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input))
    return url.protocol === 'https:' ? secureFetch(url, init, cert) : fetch(url, init)
  }
}
