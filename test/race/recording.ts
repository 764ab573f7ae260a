/** Everything secret that clients and user agents sent or got, and every refusal they read. */
export interface Recording {
  /** of this package: handles, their secret parts, notification tokens; by kind */
  ours: Map<string, Set<string>>
  /** of the host and of its clients: tokens, codes, sessions, assertions, proofs, credentials; by kind */
  hosts: Map<string, Set<string>>
  refusals: string[]
  stop(): void
}

const handles = ['deferred_code', 'deferred_auth_id', 'deferral_code']
const notificationTokens = ['deferred_notification_token', 'client_notification_token']
const sentByClients = ['client_assertion', 'code', 'code_verifier', 'refresh_token']
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
    for (const name of notificationTokens) noteOurs(name, params.get(name))
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
    const isJson = response.headers.get('content-type')?.includes('json')
    const body = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>
    if (response.status >= 400) recording.refusals.push(withoutNewHandle(text, body))
    for (const name of handles) noteOurs(name, body[name])
    for (const name of issuedByHost) noteHosts(name, body[name])
  }

  // the deferred response is an error in form, and hands the code out; no other one may say it again
  function withoutNewHandle(text: string, { deferral_code: code }: Record<string, unknown>): string {
    const isNew = typeof code === 'string' && !recording.ours.get('deferral_code')?.has(code)
    return isNew ? text.replace(code, '') : text
  }

  globalThis.fetch = async (input, init = {}) => {
    sent(init)
    const response = await fetch(input, init)
    await got(response)
    return response
  }
  return recording
}
