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
export async function send(port: number, requests: PostRequest[], expected: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const queue = requests.values()
  const work = async () => {
    for (const one of queue) {
      const answer = await post(agent, port, one)
      if (!answer.includes(expected)) throw new Error(`expected ${expected} from ${one.path}, got ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  agent.destroy()
}

function post(agent: Agent, port: number, { path, body }: PostRequest): Promise<string> {
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
