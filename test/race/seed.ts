import type { Db, Document } from 'mongodb'
import { type HandleKind, newHandle, newId } from '../../lib/deferral/handle.js'
import { relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'

/** A deferral written straight into the database, and the handles its client holds. */
export interface Seed {
  id: string
  grantId: string
  deferredCode: string
  deferredAuthId: string
}

/** How far a seeded deferral has come. */
export type Stage = 'requested' | 'pending' | 'approved' | 'denied'

/** Writes any number of deferrals of one stage, each with a Grant of its own. */
export type Seeder = (count: number, stage: Stage) => Promise<Seed[]>

const hour = 3_600_000

type Kept = Document & { _id: string }

/** Has a real client make one real request at this node, to be multiplied in the database. */
export async function seeder(db: Db, origin: string, clientId = 'secret'): Promise<Seeder> {
  const url = relyingParty(origin, clientId).authorizationUrl({ scope: 'openid offline_access', prompt: 'consent' })
  const { params } = await userAgent().visit(url)
  const deferrals = db.collection<Kept>('deferrals')
  const grants = db.collection<Kept>('oidc_grant')
  const deferral = await deferrals.findOne({ _id: params.deferred_code!.slice(0, 22) })
  const grant = await grants.findOne({ _id: deferral?.grantId })
  if (!deferral || !grant) throw new Error('the request left no deferral to copy')

  return async (count, stage) => {
    const made = Array.from({ length: count }, () => copies(deferral, grant, stage))
    await grants.insertMany(made.map((one) => one.grant))
    await deferrals.insertMany(made.map((one) => one.deferral))
    return made.map((one) => one.seed)
  }
}

function copies(deferral: Kept, grant: Kept, stage: Stage) {
  const id = newId()
  const grantId = newId()
  const handle = (kind: HandleKind) => newHandle(kind, id)
  const [code, poll] = [handle('deferred_code'), handle('deferred_auth_id')]
  const now = new Date()
  const later = new Date(now.getTime() + hour)
  const decided = stage === 'approved' || stage === 'denied'
  return {
    seed: { id, grantId, deferredCode: code.handle, deferredAuthId: poll.handle },
    grant: { ...grant, _id: grantId, payload: JSON.stringify({ ...JSON.parse(grant.payload), jti: grantId }) },
    deferral: {
      ...deferral,
      _id: id,
      grantId,
      source: { ...deferral.source, grantId },
      codeHash: code.hash,
      createdAt: now,
      expiresAt: later,
      purgeAt: later,
      ...(stage !== 'requested' && { handleHash: poll.hash, binding: {}, exchangedAt: now }),
      ...(decided && { status: stage, decision: { by: 'seed' }, decidedAt: now }),
    },
  }
}
