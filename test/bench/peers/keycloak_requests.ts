import { Agent } from 'node:http'
import { type PostRequest, post, postEach } from '../load.js'
import type { AuthenticationChannel } from './authentication_channel.js'
import type { Peer } from './peer.js'
import { realmName } from './realm.js'

const base = `/realms/${realmName}/protocol/openid-connect`
const ciba = 'urn:openid:params:grant-type:ciba'

/** So many requests that wait in this Keycloak, and how another one is approved. */
export async function keycloakRequests(
  port: number,
  channel: AuthenticationChannel,
  waiting: number,
): Promise<Pick<Peer, 'pending' | 'approved' | 'userinfo'>> {
  let made = 0
  const authentication = () =>
    form('/ext/ciba/auth', { scope: 'openid', login_hint: 'alice', binding_message: `${made++}` })
  const pending: PostRequest[] = []
  const many = Array.from({ length: waiting }, authentication)
  await postEach(port, many, (answer) => pending.push(pollFor(answer)))
  const agent = new Agent({ keepAlive: true })
  return {
    pending,
    userinfo: `${base}/userinfo`,
    async approved() {
      const bindingMessage = `${made}`
      const poll = pollFor(await post(agent, port, authentication()))
      const { status } = await fetch(`http://127.0.0.1:${port}${base}/ext/ciba/auth/callback`, {
        method: 'POST',
        headers: { authorization: channel.authorizationOf(bindingMessage), 'content-type': 'application/json' },
        body: JSON.stringify({ status: 'SUCCEED' }),
      })
      if (status !== 200) throw new Error(`Keycloak answered the callback with ${status}`)
      return poll
    },
  }
}

function pollFor(answer: string): PostRequest {
  const { auth_req_id } = JSON.parse(answer)
  if (!auth_req_id) throw new Error(`no auth_req_id: ${answer}`)
  return form('/token', { grant_type: ciba, auth_req_id })
}

function form(path: string, params: Record<string, string>): PostRequest {
  return { path: base + path, body: new URLSearchParams(params).toString() }
}
