import { randomBytes } from 'node:crypto'
import type { Db } from 'mongodb'
import { type grants, pollDeferral, redeem, request, revoke } from '../support/deferral.js'
import type { ProviderNode } from '../support/node.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'
import { type Ending, end, idOf, takeTurns } from './flows.js'

const authorization = { scope: 'openid offline_access', prompt: 'consent', nonce: 'n' }

/** Takes every client and grant through every ending, by turns; resolves to what the last polls were told. */
export function runOauth(node: ProviderNode, db: Db, count: number): Promise<Map<string, number>> {
  return takeTurns(node, count, (turn, rp, ending) => {
    const isMachine = rp.clientId !== 'public' && Math.floor(turn / 12) % 2 === 1
    return flow(node, db, rp, { grant: isMachine ? 'client_credentials' : 'authorization_code', ending })
  })
}

/** One flow from the token request to its ending, with what goes wrong in practice on the way. */
async function flow(
  node: ProviderNode,
  db: Db,
  rp: RelyingParty,
  { grant, ending }: { grant: (typeof grants)[number]; ending: Ending },
): Promise<string> {
  const stranger = relyingParty(node.origin, 'other')
  const client_notification_token = randomBytes(32).toString('base64url')
  const { answer, code } = await request(rp, grant, { request: authorization, params: { client_notification_token } })
  const handle: string = answer.body.deferral_code
  await Promise.all([pollDeferral(stranger, handle), revoke(stranger, handle), rp.poll(handle), rp.exchange(handle)])
  await pollDeferral(rp, handle, { completion_mode: 'deferred', client_notification_token })
  if (ending !== 'expired') {
    await node.deferrals.requireInteraction(idOf(handle), { uri: `https://op.example/confirm/${idOf(handle)}` })
    await pollDeferral(rp, handle)
    await node.deferrals.resume(idOf(handle))
  }
  const doors = { poll: () => pollDeferral(rp, handle), cancel: () => revoke(rp, handle) }
  await end(node, db, { id: idOf(handle), ...doors }, ending)
  const last = await pollDeferral(rp, handle)
  if (last.status === 200) {
    const { access_token, refresh_token } = last.body
    if (refresh_token) await rp.token({ grant_type: 'refresh_token', refresh_token })
    await revoke(rp, access_token)
    await pollDeferral(rp, handle)
  }
  // a replay ends the tokens; those of the others stay where they are
  if (code && rp.clientId !== 'secret') await redeem(rp, code, { completion_mode: 'deferred' })
  return last.body.error ?? 'tokens'
}
