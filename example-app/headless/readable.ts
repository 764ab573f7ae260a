const secretNames = new Set([
  'authorization',
  'access_token',
  'assertion',
  'bearer',
  'client_notification_token',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  '_csrf',
  'deferral_code',
  'deferred_auth_id',
  'deferred_code',
  'deferred_notification_token',
  'id_token',
  'password',
  'refresh_token',
])

/** Shortens secrets. The beginning stays, so that a reader can follow a secret from message to message. */
function shorten(name: string, value: string): string {
  if (secretNames.has(name.toLowerCase())) return `${value.slice(0, 8)}... (${value.length} characters)`
  return value.length > 100 ? `${value.slice(0, 100)}...` : value
}

/** One line for each parameter. */
export function parameters(entries: Iterable<[string, string | File]>): string[] {
  return [...entries].map(([name, value]) =>
    typeof value === 'string'
      ? `${name}=${shorten(name, value)}`
      : `${name}=(a file, ${value.type}, ${value.size} bytes)`,
  )
}

/** A JSON body with short secrets, and the claims of its ID Token. */
function json(text: string): string[] {
  const body: unknown = JSON.parse(text)
  if (typeof body !== 'object' || body === null) return [text]
  const { keys, ...rest } = Object.fromEntries(Object.entries(body))
  const members = Object.entries(rest).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? shorten(name, value) : JSON.stringify(value)}`,
  )
  if (keys) members.push(`keys: ${Array.isArray(keys) ? keys.length : 0}`)
  if (typeof rest.id_token === 'string') members.push(`id_token's claims: ${claims(rest.id_token)}`)
  return members.length > 0 ? members : ['{}']
}

function claims(token: string): string {
  return Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
}

/** The lines to print for a body: the members of JSON, or the heading of a page. */
export function body(type: string | null, text: string): string[] {
  if (type?.includes('json')) return json(text)
  const heading = /<h1>(.*?)<\/h1>/.exec(text)?.[1]
  return heading ? [`a page: "${heading.replace(/<[^>]*>/g, '')}"`] : []
}

/** An address without its query. */
export function address({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}
