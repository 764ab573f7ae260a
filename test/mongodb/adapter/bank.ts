import { createHash, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AdapterFactory, type Configuration, Provider } from 'oidc-provider'
import { jwks } from '../../support/clients.js'

const redirectUri = 'https://rp.example/cb'
const verifier = randomUUID() + randomUUID()

export type Answer = { status: number; body: { [member: string]: string } }

/** A provider of plain oidc-provider on several nodes, and a relying party and its user, all over HTTP. */
export class Bank {
  readonly nodes: Provider[]
  readonly #server: Server
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()

  private constructor(server: Server, issuer: string, adapters: AdapterFactory[]) {
    this.#server = server
    this.#issuer = issuer
    this.nodes = adapters.map((adapter) => new Provider(issuer, configuration(adapter)))
    const callbacks = this.nodes.map((node) => node.callback())
    let turn = 0
    server.on('request', (req, res) => {
      const index = turn++ % this.nodes.length
      if (!req.url?.startsWith('/interaction/')) return callbacks[index]!(req, res)
      return this.nodes[index]!.interactionFinished(req, res, { login: { accountId: 'alice' } })
    })
  }

  /** One node for each adapter; requests take turns. */
  static async open(...adapters: AdapterFactory[]): Promise<Bank> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    if (!address || typeof address === 'string') throw new Error('not listening')
    return new Bank(server, `http://127.0.0.1:${address.port}`, adapters)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async push(): Promise<string> {
    const { body } = await this.#post('/request', { ...authorizationRequest(), response_type: 'code' })
    return body.request_uri!
  }

  /** Opens the authorization endpoint and follows redirects to the relying party, or to an error page's text. */
  async authorize(requestUri?: string): Promise<URLSearchParams | string> {
    const request = requestUri ? { client_id: 'rp', request_uri: requestUri } : authorizationRequest()
    let url = new URL(`/auth?${new URLSearchParams(request)}`, this.#issuer)
    for (;;) {
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
      for (const line of response.headers.getSetCookie()) this.#keep(line)
      const location = response.headers.get('location')
      if (!location) return response.text()
      url = new URL(location, url)
      if (location.startsWith(redirectUri)) return url.searchParams
    }
  }

  async code(): Promise<string> {
    const answer = await this.authorize()
    const code = typeof answer === 'string' ? undefined : answer.get('code')
    if (!code) throw new Error(`no code: ${answer}`)
    return code
  }

  redeem(code: string): Promise<Answer> {
    const proof = { redirect_uri: redirectUri, code_verifier: verifier }
    return this.#post('/token', { grant_type: 'authorization_code', code, ...proof })
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.#post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken })
  }

  introspect(token: string): Promise<Answer> {
    return this.#post('/token/introspection', { token })
  }

  async #post(path: string, parameters: { [name: string]: string }): Promise<Answer> {
    const body = new URLSearchParams({ client_id: 'rp', client_secret: 'secret', ...parameters })
    const response = await fetch(this.#issuer + path, { method: 'POST', body })
    return { status: response.status, body: Object(await response.json()) }
  }

  #keep(setCookie: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
    if (name && value) this.#cookies.set(name, value)
    else if (name) this.#cookies.delete(name)
  }
}

function authorizationRequest(): { [name: string]: string } {
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return {
    client_id: 'rp',
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
}

function configuration(adapter: AdapterFactory): Configuration {
  return {
    adapter,
    clients: [
      {
        client_id: 'rp',
        client_secret: 'secret',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    cookies: { keys: ['test'] },
    jwks,
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    issueRefreshToken: () => Promise.resolve(true),
    rotateRefreshToken: true,
    async loadExistingGrant({ oidc }) {
      const { Grant } = oidc.provider
      const grantId = oidc.session?.grantIdFor('rp')
      const existing = grantId ? await Grant.find(grantId) : undefined
      if (existing) return existing
      const grant = new Grant({ clientId: 'rp', accountId: 'alice' })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
  }
}
