import { randomBytes } from 'node:crypto'
import type { Db } from 'mongodb'
import type { ProviderNode } from '../support/node.js'
import { dpopKey, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

const clientIds = ['secret', 'public', 'assertion']
const endings = ['approved', 'denied', 'cancelled', 'expired'] as const

/** How a flow ends. */
export type Ending = (typeof endings)[number]

/** A handle starts with the id. */
export const idOf = (handle: string) => handle.slice(0, 22)

/** Takes every client through every ending, by turns; resolves to what the last polls were told. */
export function run(node: ProviderNode, db: Db, count: number): Promise<Map<string, number>> {
  return takeTurns(node, count, (_turn, rp, ending) => flow(node, db, rp, ending))
}

/** Runs this many flows, some at a time, and counts what they resolve to; clients and endings take turns. */
export async function takeTurns(
  node: ProviderNode,
  count: number,
  flow: (turn: number, rp: RelyingParty, ending: Ending) => Promise<string>,
): Promise<Map<string, number>> {
  const told = new Map<string, number>()
  let next = 0
  const worker = async () => {
    for (let turn = next++; turn < count; turn = next++) {
      const clientId = clientIds[turn % 3]!
      const rp = relyingParty(node.origin, clientId, clientId === 'public' ? await dpopKey() : undefined)
      const last = await flow(turn, rp, endings[turn % 4]!).catch(String)
      told.set(last, (told.get(last) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return told
}

/** One flow from the request to its ending, with what goes wrong in practice on the way. */
async function flow(node: ProviderNode, db: Db, rp: RelyingParty, ending: Ending): Promise<string> {
  const stranger = relyingParty(node.origin, 'other')
  const url = rp.authorizationUrl({ scope: 'openid offline_access', prompt: 'consent', nonce: 'n' })
  const { params } = await userAgent().visit(url)
  const code = params.deferred_code!
  await stranger.exchange(code)
  const token = randomBytes(32).toString('base64url')
  const { body } = await rp.exchange(code, { deferred_notification_token: token })
  const handle: string = body.deferred_auth_id
  await Promise.all([stranger.poll(handle), stranger.cancel(handle), rp.poll(code), rp.exchange(handle)])
  await rp.poll(handle, { scope: 'openid' })
  const doors = { poll: () => rp.poll(handle), cancel: () => rp.cancel(handle) }
  await end(node, db, { id: idOf(handle), ...doors }, ending)
  const last = await rp.poll(handle)
  if (last.status === 200) {
    const refreshed = await rp.token({ grant_type: 'refresh_token', refresh_token: last.body.refresh_token })
    if (refreshed.status !== 200) return `refresh: ${refreshed.body.error}`
    await rp.poll(handle)
  }
  // reuse ends the tokens; those of the others stay where they are
  if (rp.clientId !== 'secret') await rp.exchange(code)
  return last.body.error ?? 'tokens'
}

/** Brings a deferral to its ending, through what its client and its reviewers can do. */
export async function end(
  { deferrals }: ProviderNode,
  db: Db,
  { id, poll, cancel }: { id: string; poll: () => Promise<unknown>; cancel: () => Promise<unknown> },
  ending: Ending,
): Promise<void> {
  if (ending === 'expired') {
    await db.collection<{ _id: string }>('deferrals').updateOne({ _id: id }, { $set: { expiresAt: new Date() } })
    return
  }
  await poll()
  await deferrals.progress(id, { step: 'review' })
  if (ending === 'approved') await deferrals.approve(id, { by: 'reviewer' })
  else if (ending === 'denied') await deferrals.deny(id, { description: 'no' })
  else await cancel()
}
