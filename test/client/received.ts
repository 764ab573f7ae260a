import { type NotificationReceiverOptions, notificationReceiver } from 'oidc-provider-deferred/client'

/** A deferral as a client keeps it. */
export interface Kept {
  profile: 'openid' | 'oauth'
  notificationToken?: string
}

export const openid = { handle: 'o'.repeat(65), token: 'openid-token_~+/==' }
export const oauth = { handle: 'p'.repeat(65), token: 'oauth-token' }

/** What a client has saved, one deferral per profile, and one that it does not want to be notified of. */
const deferrals: Record<string, Kept> = {
  [openid.handle]: { profile: 'openid', notificationToken: openid.token },
  [oauth.handle]: { profile: 'oauth', notificationToken: oauth.token },
  ['q'.repeat(65)]: { profile: 'oauth' },
}

/** A receiver that remembers what it was notified of, and which errors it reported. */
export function recorded(options: Partial<NotificationReceiverOptions<Kept>> = {}) {
  const notified: string[] = []
  const errors: unknown[] = []
  const receive = notificationReceiver<Kept>({
    find: async (handle) => deferrals[handle],
    onNotified: (handle) => notified.push(handle),
    onError: (error) => errors.push(error),
    ...options,
  })
  return { receive, notified, errors }
}

/** What differs from the notification of the openid profile. */
export interface Sent {
  method?: string
  token?: string | undefined
  authorization?: string
  type?: string | undefined
  body?: string | Uint8Array | ReadableStream | null
}

/** The members of such a request. */
export function notification({
  method = 'POST',
  token = openid.token,
  authorization = `Bearer ${token}`,
  type = 'application/json',
  body = JSON.stringify({ deferred_auth_id: openid.handle }),
}: Sent = {}): RequestInit {
  const headers = { ...(authorization && { authorization }), ...(type && { 'content-type': type }) }
  const streamed = body instanceof ReadableStream && { duplex: 'half' }
  return { method, headers, ...(method !== 'GET' && method !== 'HEAD' && { body }), ...streamed } as RequestInit
}
