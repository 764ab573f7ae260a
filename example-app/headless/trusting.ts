import { Agent } from 'undici'
import type { Certificate } from '../web/certificate.js'

/** A `fetch` that trusts this certificate, like a visitor who clicks the warning away. */
export function trusting({ cert }: Certificate): typeof fetch {
  const dispatcher = new Agent({ connect: { ca: cert } })
  // Not a spread: the types of Node.js know another version of undici.
  return (input, init) => fetch(input, Object.assign({}, init, { dispatcher }))
}
