import { address, body, parameters } from './readable.js'

/** One HTTP exchange, as the checks see it. */
export interface Recorded {
  who: string
  method: string
  url: URL
  status: number
  headers: Headers
  form: URLSearchParams
  text: string
}

export interface Recorder {
  /** A `fetch` whose every exchange is printed and kept, under the name of whoever sends it. */
  fetchAs(who: string): typeof fetch
  /** What happened since the last time somebody asked. */
  take(): Recorded[]
}

function print({ who, method, url, status, headers, text }: Recorded, sent: string[]): void {
  const [first, ...query] = address(url)
  const location = headers.get('Location')
  const retry = headers.get('Retry-After')
  console.log(`\n  ${who} -> ${method} ${first}`)
  for (const line of [...query, ...sent.map((line) => `  > ${line}`)]) console.log(`    ${line}`)
  console.log(`    ${status}${retry ? `, Retry-After: ${retry}` : ''}`)
  if (location) for (const line of address(new URL(location, url))) console.log(`      to ${line}`)
  for (const line of body(headers.get('Content-Type'), text)) console.log(`      < ${line}`)
}

export function createRecorder(): Recorder {
  let exchanges: Recorded[] = []
  function fetchAs(who: string): typeof fetch {
    return async (input, init = {}) => {
      const response = await fetch(input, init)
      const text = await response.clone().text()
      const form = init.body instanceof URLSearchParams ? init.body : new URLSearchParams()
      const sent = init.body instanceof FormData ? parameters(init.body) : parameters(form)
      const { status, headers } = response
      const recorded = { who, method: init.method ?? 'GET', url: new URL(String(input)), status, headers, form, text }
      print(recorded, sent)
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
