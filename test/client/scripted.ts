import type { Deferral } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'

/** One answer of a provider that only says what it is told to: an answer, or a fault of the network. */
export type Scripted = Response | Error

/** A Configuration whose requests are answered by `answer`, and the times of its polls, in seconds from now. */
export function scripted(answer: (n: number) => Scripted | Promise<Scripted>) {
  const metadata = { issuer: 'https://op.example', token_endpoint: 'https://op.example/token' }
  const config = new client.Configuration(metadata, 'rp', undefined, client.ClientSecretBasic('a secret'))
  // virtual days would leave a real timer of each request behind
  config.timeout = 0
  const start = Date.now()
  const polls: number[] = []
  config[client.customFetch] = async () => {
    polls.push((Date.now() - start) / 1000)
    const answered = await answer(polls.length)
    if (answered instanceof Error) throw answered
    return answered
  }
  return { config, polls }
}

/** A deferral of the scripted provider. */
export const scriptedDeferral = (change: Partial<Deferral> = {}): Deferral => ({
  profile: 'oauth',
  handle: 'a handle',
  issuer: 'https://op.example',
  clientId: 'rp',
  interval: 5,
  expiresAt: Math.floor(Date.now() / 1000) + 86_400,
  ...change,
})

/** An OAuth error. */
export const failure = (error: string, { status = 400, headers = {}, ...members }: Record<string, unknown> = {}) =>
  Response.json({ error, ...members }, { status: status as number, headers: headers as Record<string, string> })

export const pending = (headers: Record<string, string> = {}) => failure('authorization_pending', { headers })

export const granted = () => Response.json({ access_token: 'a token', token_type: 'Bearer' })

/** An answer of something that is no provider. */
export const page = (status: number, headers: Record<string, string> = {}) =>
  new Response('<html>', { status, headers: { 'content-type': 'text/html', ...headers } })

/** A 200 whose body ends early. */
export const cutAnswer = () => new Response('{"access_tok', { headers: { 'content-type': 'application/json' } })
