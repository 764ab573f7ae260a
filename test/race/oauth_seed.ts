import type { Db } from 'mongodb'
import type { Adapter } from 'oidc-provider'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { newHandle, newId } from '../../lib/deferral/handle.js'
import { authorizationCode, type grants, request } from '../support/deferral.js'
import { verbsOn } from '../support/records.js'
import { relyingParty } from '../support/relying_party.js'

/** A deferred token request put into the database without the request, and the handle its client would hold. */
export interface OauthSeed {
  id: string
  deferralCode: string
  /** of a request that has a Grant */
  grantId: string | undefined
}

/** An authorization code put into the database without its request. */
export interface CodeSeed {
  code: string
  grantId: string
}

const hour = 3600
const authorization = { scope: 'openid offline_access', prompt: 'consent' }

/** Has a real client make one real token request at this node; stores any number of its like, each with a Grant of its own. */
export async function oauthSeeder(db: Db, origin: string, grant: (typeof grants)[number]) {
  const { answer } = await request(relyingParty(origin), grant, { request: authorization })
  const model = await mongoStore(db).find(answer.body.deferral_code?.slice(0, 22) ?? '')
  if (!model) throw new Error(`the request left no deferral to copy: ${JSON.stringify(answer.body)}`)
  const store = verbsOn(mongoStore(db), model.issuer)
  const copyGrant = model.grantId === undefined ? undefined : await grantCopier(mongoAdapter(db), model.grantId)
  const { profile, grantType, clientId, accountId, scope, resource, interval, lifetime, binding, source } = model
  const account = accountId === undefined ? {} : { accountId }
  const of = { profile, grantType: grantType as string, clientId, scope, resource, interval, lifetime, ...account }

  async function plant(stage: 'pending' | 'approved'): Promise<OauthSeed> {
    const id = newId()
    const { handle, hash } = newHandle('deferral_code', id)
    const grantId = await copyGrant?.()
    const granted = grantId === undefined ? { source } : { grantId, source: { ...source, grantId } }
    await store.create({ ...of, ...granted, id, handleHash: hash, binding: binding ?? {}, expiresIn: hour })
    if (stage === 'approved') await store.decide(id, stage, { by: 'seed' })
    return { id, deferralCode: handle, grantId }
  }

  return (count: number, stage: 'pending' | 'approved') =>
    Promise.all(Array.from({ length: count }, () => plant(stage)))
}

/** Has a real end-user bring one real code to the client of this node; stores any number of its like. */
export async function codeSeeder(adapter: (name: string) => Adapter, origin: string) {
  const codes = adapter('AuthorizationCode')
  const code = await authorizationCode(relyingParty(origin), authorization)
  const payload = await codes.find(code)
  if (!payload) throw new Error('the request left no code to copy')
  const copyGrant = await grantCopier(adapter, payload.grantId as string)

  async function plant(): Promise<CodeSeed> {
    const [value, grantId] = [newId() + newId(), await copyGrant()]
    await codes.upsert(value, { ...payload, jti: value, grantId }, hour)
    return { code: value, grantId }
  }

  return (count: number) => Promise.all(Array.from({ length: count }, plant))
}

async function grantCopier(adapter: (name: string) => Adapter, id: string): Promise<() => Promise<string>> {
  const grants = adapter('Grant')
  const payload = await grants.find(id)
  if (!payload) throw new Error('the request left no Grant to copy')
  return async () => {
    const grantId = newId()
    await grants.upsert(grantId, { ...payload, jti: grantId }, hour)
    return grantId
  }
}
