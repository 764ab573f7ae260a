import { address, body, parameters } from './readable.js'

/** One HTTP request and its answer. */
export interface Recorded {
  who: string
  method: string
  url: URL
  status: number
  headers: Headers
  text: string
}

export interface Recorder {
  /** A `fetch` that prints and records every request and answer, under the name of the sender. */
  fetchAs(who: string): typeof fetch
  /** Everything recorded since the last call. */
  take(): Recorded[]
}

const margin = ' '.repeat(12)

export function printRequest(who: string, method: string, url: URL, sent: RequestInit['body']): void {
  const form = sent instanceof FormData || sent instanceof URLSearchParams ? parameters(sent) : []
  console.log(`\n${who.padEnd(8)} -> ${method} ${address(url)}`)
  for (const line of parameters(url.searchParams)) console.log(`${margin}? ${line}`)
  for (const line of form) console.log(`${margin}${line}`)
}

export function printAnswer({ who, url, status, headers, text }: Recorded): void {
  const location = headers.get('Location')
  const pause = headers.get('Retry-After')
  const more = [location && `to ${address(new URL(location, url))}`, pause && `Retry-After: ${pause}`].filter(Boolean)
  console.log(`${who.padEnd(8)} <- ${[status, ...more].join(', ')}`)
  for (const line of body(headers.get('Content-Type'), text)) console.log(`${margin}${line}`)
}

/** A recorder that sends with `send`. */
export function createRecorder(send: typeof fetch): Recorder {
  let exchanges: Recorded[] = []
  function fetchAs(who: string): typeof fetch {
    return async (input, init = {}) => {
      const url = new URL(String(input))
      const method = init.method ?? 'GET'
      printRequest(who, method, url, init.body)
      const response = await send(url, init)
      const text = await response.clone().text()
      const recorded = { who, method, url, status: response.status, headers: response.headers, text }
      printAnswer(recorded)
      exchanges.push(recorded)
      return response
    }
  }
  function take(): Recorded[] {
    const taken = exchanges
    exchanges = []
    return taken
  }
  return { fetchAs, take }
}
