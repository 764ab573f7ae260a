import type { Db } from 'mongodb'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { DeferralRecord, DeferralStore } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { newHandle, newId } from '../../lib/deferral/handle.js'
import type { NewDeferral } from '../../lib/deferral/store.js'
import { verbsOn } from '../support/records.js'
import { relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

/** A deferral put into the database without its request, and the handles its client would hold. */
export interface Seed {
  id: string
  grantId: string
  deferredCode: string
  deferredAuthId: string
}

/** How far a seeded deferral has come. */
export type Stage = 'requested' | 'pending' | 'approved' | 'denied'

/** Stores any number of deferrals of one stage, each with a Grant of its own. */
export type Seeder = (count: number, stage: Stage, members?: Pick<NewDeferral, 'quorum'>) => Promise<Seed[]>

/** Where a provider keeps what is copied. */
interface Kept {
  store: DeferralStore
  adapter: (name: string) => Adapter
}

const hour = 3600

/** Has a real client make one real request at this node, to be multiplied in the database. */
export async function seeder(db: Db, origin: string): Promise<Seeder> {
  const { seed, id } = await seederOn({ store: mongoStore(db), adapter: mongoAdapter(db) }, origin)
  // its code would expire in the middle of a race, and be swept
  await db.collection<{ _id: string }>('deferrals').deleteOne({ _id: id })
  return seed
}

/** The same on any storage; `id` is that of the request. */
export async function seederOn({ store, adapter }: Kept, origin: string): Promise<{ seed: Seeder; id: string }> {
  const url = relyingParty(origin).authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' })
  const { params } = await userAgent().visit(url)
  const grants = adapter('Grant')
  const deferral = await store.find(params.deferred_code?.slice(0, 22) ?? '')
  const grant = await grants.find(deferral?.grantId ?? '')
  if (!deferral || !grant) throw new Error('the request left no deferral to copy')
  const verbs = verbsOn(store, deferral.issuer)

  async function plant(record: DeferralRecord, payload: AdapterPayload, stage: Stage, members: object): Promise<Seed> {
    const [id, grantId] = [newId(), newId()]
    const [code, poll] = [newHandle('deferred_code', id), newHandle('deferred_auth_id', id)]
    await grants.upsert(grantId, { ...payload, jti: grantId }, hour)
    const { profile, clientId, accountId, scope, resource, interval, lifetime, source } = record
    const request = { profile, clientId, scope, resource, interval, lifetime, ...(accountId && { accountId }) }
    await verbs.create({
      ...request,
      ...members,
      id,
      grantId,
      codeHash: code.hash,
      source: { ...source, grantId },
      expiresIn: hour,
    })
    if (stage !== 'requested') await verbs.exchange(id, { handleHash: poll.hash, binding: {} })
    if (stage === 'approved' || stage === 'denied') await verbs.decide(id, stage, { by: 'seed' })
    return { id, grantId, deferredCode: code.handle, deferredAuthId: poll.handle }
  }

  const seed: Seeder = (count, stage, members = {}) =>
    Promise.all(Array.from({ length: count }, () => plant(deferral, grant, stage, members)))
  return { seed, id: deferral.id }
}
