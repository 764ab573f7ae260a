/** Everything secret that clients and user agents sent or got, and every refusal they read. */
export interface Recording {
  /** of this package: handles, their secret parts, notification tokens; by kind */
  ours: Map<string, Set<string>>
  /** of the host and of its clients: tokens, sessions, assertions, proofs, credentials; by kind */
  hosts: Map<string, Set<string>>
  refusals: string[]
  stop(): void
}

const handles = ['deferred_code', 'deferred_auth_id']
const sentByClients = ['client_assertion', 'code_verifier', 'refresh_token']
const issuedByHost = ['access_token', 'refresh_token', 'id_token', 'interim_id_token']
const idLength = 22

/** Listens to every request of this process. */
export function record(): Recording {
  const { fetch } = globalThis
  const recording: Recording = {
    ours: new Map(),
    hosts: new Map(),
    refusals: [],
    stop() {
      globalThis.fetch = fetch
    },
  }
  const note = (secrets: Map<string, Set<string>>, kind: string, value: unknown) => {
    if (typeof value !== 'string' || !value) return
    secrets.set(kind, (secrets.get(kind) ?? new Set()).add(value))
  }
  const noteOurs = (kind: string, value: unknown) => {
    note(recording.ours, kind, value)
    if (handles.includes(kind) && typeof value === 'string')
      note(recording.ours, `${kind} without id`, value.slice(idLength))
  }
  // the signature tells one JWT from any other
  const noteHosts = (kind: string, value: unknown) =>
    note(recording.hosts, kind, typeof value === 'string' ? value.split('.').at(-1) : undefined)

  function sent({ body, headers }: RequestInit): void {
    const params = new URLSearchParams(typeof body === 'string' ? body : '')
    noteOurs('deferred_notification_token', params.get('deferred_notification_token'))
    for (const name of sentByClients) noteHosts(name, params.get(name))
    const { dpop, authorization } = (headers ?? {}) as Record<string, string>
    noteHosts('DPoP proof', dpop)
    noteHosts('credentials', authorization?.split(' ')[1])
  }

  async function got(response: Response): Promise<void> {
    const location = response.headers.get('location')
    const { searchParams } = new URL(location ?? '/', 'http://nowhere')
    noteOurs('deferred_code', searchParams.get('deferred_code'))
    for (const cookie of response.headers.getSetCookie()) noteHosts('session', /^_session=([^;]+)/.exec(cookie)?.[1])
    const text = await response.clone().text()
    if (response.status >= 400) recording.refusals.push(text)
    if (!response.headers.get('content-type')?.includes('json')) return
    const body = JSON.parse(text) as Record<string, unknown>
    noteOurs('deferred_auth_id', body.deferred_auth_id)
    for (const name of issuedByHost) noteHosts(name, body[name])
  }

  globalThis.fetch = async (input, init = {}) => {
    sent(init)
    const response = await fetch(input, init)
    await got(response)
    return response
  }
  return recording
}
