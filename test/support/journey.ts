import { expect } from 'vitest'
import { grantType } from './clients.js'
import { created } from './created.js'
import type { TestProvider } from './provider.js'
import { type Answer, answer, dpopKey, type Extras, type RelyingParty, relyingParty } from './relying_party.js'
import { type UserAgent, userAgent } from './user_agent.js'

/** The three client types of the conformance cases. */
export const clientTypes = ['public', 'secret', 'assertion'] as const

/** Where handles are presented, one name per message. */
export const doors = ['exchange', 'poll', 'cancel'] as const

type Wire = Record<string, string | string[] | undefined>

/** A deferral the client holds its deferred code of, and what reviewers call it. */
export interface Deferred {
  code: string
  id: string
}

/** A deferral the client polls for, and what reviewers call it. */
export interface Waiting {
  handle: string
  id: string
}

/** What differs from the plainest journey to the exchange. */
export interface Detour {
  /** authorization request */
  request?: Record<string, string | undefined>
  /** exchange request */
  params?: Wire
  extras?: Extras
  agent?: UserAgent
}

/** A client of the test provider; the public one shows a DPoP key of its own. */
export async function party(op: TestProvider, clientId: string): Promise<RelyingParty> {
  return relyingParty(op.issuer, clientId, clientId === 'public' ? await dpopKey() : undefined)
}

/** Sends an end-user through the authorization endpoint until the client holds a deferred code. */
export async function deferred(
  op: TestProvider,
  rp: RelyingParty,
  { request = {}, agent = userAgent() }: Detour = {},
): Promise<Deferred> {
  const { result: landing, id } = await created(op, () => agent.visit(rp.authorizationUrl(request)))
  if (!landing.params.deferred_code || !id) {
    throw new Error(
      `no deferred code: ${landing.status} ${landing.url} ${JSON.stringify(landing.params)} ${landing.html}`,
    )
  }
  return { code: landing.params.deferred_code, id }
}

/** The same up to the poll handle. */
export async function waiting(op: TestProvider, rp: RelyingParty, detour: Detour = {}): Promise<Waiting> {
  const { code, id } = await deferred(op, rp, detour)
  const { status, body } = await rp.exchange(code, detour.params, detour.extras)
  if (status !== 200) throw new Error(`exchange answered ${status} ${JSON.stringify(body)}`)
  return { handle: body.deferred_auth_id, id }
}

/** The same, and a reviewer has approved. */
export async function approved(op: TestProvider, rp: RelyingParty, detour: Detour = {}): Promise<Waiting> {
  const held = await waiting(op, rp, detour)
  await op.provider.deferrals.approve(held.id)
  return held
}

/** A message that presents a handle, and whose it is. */
export interface Message {
  id: string
  /** the same message for a client that says everything itself */
  url: string
  body: Record<string, string>
  present(params?: Wire, extras?: Extras, by?: RelyingParty): Promise<Answer>
}

/** The message of each door, after the steps it takes to hold a handle for it. */
export async function atDoor(
  op: TestProvider,
  rp: RelyingParty,
  door: (typeof doors)[number],
  detour: Detour = {},
): Promise<Message> {
  if (door === 'exchange') {
    const { code, id } = await deferred(op, rp, detour)
    const body = { grant_type: grantType, deferred_code: code }
    return {
      id,
      url: `${op.issuer}/token`,
      body,
      present: (params, extras, by = rp) => by.exchange(code, params, extras),
    }
  }
  const { handle, id } = await waiting(op, rp, detour)
  const present: Message['present'] = (params, extras, by = rp) => by[door](handle, params, extras)
  if (door === 'cancel') return { id, url: `${op.issuer}/deferred/cancel`, body: { deferred_auth_id: handle }, present }
  return { id, url: `${op.issuer}/token`, body: { grant_type: grantType, deferred_auth_id: handle }, present }
}

/** What the plugin answers when the message of this door succeeds on a pending deferral. */
export const successAt = {
  exchange: { status: 200, body: { deferred_auth_id: expect.any(String) as unknown } },
  poll: { status: 400, body: { error: 'authorization_pending' } },
  cancel: { status: 200, body: {} },
}

/** One request with nothing added to it. */
export async function send(
  url: string,
  body: string | Record<string, string | string[]>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const members = typeof body === 'string' ? [] : Object.entries(body)
  const pairs = members.flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one]))
  return answer(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: typeof body === 'string' ? body : new URLSearchParams(pairs).toString(),
    }),
  )
}

/** The Authorization header of a client with a secret. */
export function basic(clientId: string, secret: string): { authorization: string } {
  const credentials = [clientId, secret].map(encodeURIComponent).join(':')
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}
