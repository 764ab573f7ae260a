import type { Db, Document } from 'mongodb'
import { newHandle, newId } from '../../../lib/deferral/handle.js'
import { oauthGrantType } from '../../support/clients.js'
import { relyingParty } from '../../support/relying_party.js'
import type { PostRequest } from '../load.js'

/** The module that a provider process of these measures is extended by. */
export const extension = new URL('./probe.js', import.meta.url).href

/** Requests deferrals by copying one, and returns their polls. A second between two polls of one is enough. */
export async function pendingPolls(db: Db, origin: string, count: number): Promise<PostRequest[]> {
  const deferrals = db.collection<Document & { _id: string }>('deferrals')
  const party = relyingParty(origin)
  await party.token({ grant_type: 'client_credentials', completion_mode: 'deferred' })
  const model = await deferrals.findOne({ clientId: party.clientId })
  const all = Array.from({ length: count }, () => {
    const _id = newId()
    const { handle, hash } = newHandle('deferral_code', _id)
    const body = new URLSearchParams({ grant_type: oauthGrantType, deferral_code: handle }).toString()
    return { document: { ...model, _id, handleHash: hash, interval: 1 }, poll: { path: '/token', body } }
  })
  await deferrals.insertMany(all.map(({ document }) => document))
  return all.map(({ poll }) => poll)
}
