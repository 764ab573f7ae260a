import { Agent, request } from 'node:http'
import { clients } from '../support/clients.js'

/** A POST by the client of the bench. */
export interface PostRequest {
  path: string
  body: string
}

const connections = 16
const secret = clients.find(({ client_id }) => client_id === 'secret')?.client_secret ?? ''
const authorization = `Basic ${Buffer.from(`secret:${encodeURIComponent(secret)}`).toString('base64')}`

/** Sends each request once, a few at a time, and throws at the first answer that does not contain `expected`. */
export async function send(port: number, requests: Iterable<PostRequest>, expected: string): Promise<void> {
  await postEach(port, requests, (answer, { path }) => {
    if (!answer.includes(expected)) throw new Error(`expected ${expected} from ${path}, got ${answer}`)
  })
}

/** Sends each request once, a few at a time, and passes on every answer. */
export async function postEach(
  port: number,
  requests: Iterable<PostRequest>,
  take: (answer: string, one: PostRequest) => void,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const queue = requests[Symbol.iterator]()
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      take(await post(agent, port, next.value), next.value)
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  agent.destroy()
}

/** So many of these requests, each in its turn. */
export function* inTurn(
  all: readonly PostRequest[],
  count = Number.POSITIVE_INFINITY,
  first = 0,
): Generator<PostRequest> {
  for (let nth = 0; nth < count; nth++) yield all[(first + nth) % all.length] as PostRequest
}

/** Resolves to the body of the answer. */
export function post(agent: Agent, port: number, { path, body }: PostRequest): Promise<string> {
  const headers = {
    authorization,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, method: 'POST', path, headers }, (response) => {
      let answer = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        answer += chunk
      })
      response.on('end', () => resolve(answer))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
