import { randomBytes } from 'node:crypto'
import type { Collection, Db } from 'mongodb'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { grantType, oauthGrantType } from '../support/clients.js'
import { verbsOn } from '../support/records.js'
import { relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'
import { inTurn, type PostRequest, send } from './load.js'

type Stored = { _id: string; payload: string; interval: number; profile?: string }

/** Requests ready to be sent, whatever they need stored. */
type Batch = (count: number) => Promise<PostRequest[]>

export type Seeds = Record<
  | 'pendingPolls'
  | 'refusedPolls'
  | 'cibaPolls'
  | 'reads'
  | 'redemptions'
  | 'codes'
  | 'deferredCodes'
  | 'deferralRedemptions',
  Batch
>

const ciba = 'urn:openid:params:grant-type:ciba'
const waiting = 2000

/** Plays each journey once over HTTP; what it left in the database is then copied under new ids. */
export async function seedsFrom(db: Db, issuer: string): Promise<Seeds> {
  const deferrals = db.collection<Stored>('deferrals')
  const codes = db.collection<Stored>('oidc_authorization_code')
  const requests = db.collection<Stored>('oidc_backchannel_authentication_request')

  const secret = (await deferred(issuer)).slice(22)
  const pending = await only(deferrals)
  await verbsOn(mongoStore(db), issuer).decide(pending._id, 'approved', { by: 'bench' })
  const approved = await only(deferrals)
  await authorize(issuer, 'code')
  const code = await only(codes)
  await relyingParty(issuer).post('/backchannel', { scope: 'openid', login_hint: 'alice' })
  const request = await only(requests)

  const poll = (id: string) => token({ grant_type: grantType, deferred_auth_id: id + secret })
  const cibaPoll = (id: string) => token({ grant_type: ciba, auth_req_id: id })
  const codeRequest = (id: string) => {
    const { redirectUri } = JSON.parse(code.payload)
    return { grant_type: 'authorization_code', code: id, redirect_uri: redirectUri }
  }
  const redeem = (id: string) => token(codeRequest(id))
  const redeemLater = (id: string) => token({ ...codeRequest(id), completion_mode: 'deferred' })

  const deferral = await deferredRequest(db, issuer, await copy(codes, code, 1), codeRequest)
  const deferralPoll = (id: string) => token({ grant_type: oauthGrantType, deferral_code: id + deferral.secret })
  // a second less the second of tolerance: every poll is on time
  const patient = await copy(deferrals, { ...pending, interval: 1 }, waiting)
  const hurried = await copy(deferrals, { ...pending, interval: 3600 }, 10)
  const asked = await copy(requests, request, waiting)
  // the first poll is free
  await send(Number(new URL(issuer).port), hurried.map(poll), 'authorization_pending')
  return {
    pendingPolls: batchesOf(patient.map(poll)),
    refusedPolls: batchesOf(hurried.map(poll)),
    cibaPolls: batchesOf(asked.map(cibaPoll)),
    reads: batchesOf(asked.map((id) => ({ path: `/${id}`, body: '' }))),
    redemptions: async (count) => (await copy(deferrals, approved, count)).map(poll),
    codes: async (count) => (await copy(codes, code, count)).map(redeem),
    deferredCodes: async (count) => (await codesOfMany(db, code, count)).map(redeemLater),
    deferralRedemptions: async (count) => (await copy(deferrals, deferral.approved, count)).map(deferralPoll),
  }
}

async function deferred(issuer: string): Promise<string> {
  const { deferred_code } = await authorize(issuer, 'deferred_code')
  const { body } = await relyingParty(issuer).exchange(deferred_code!)
  return body.deferred_auth_id
}

async function deferredRequest(
  db: Db,
  issuer: string,
  [code = '']: string[],
  request: (code: string) => Record<string, string>,
): Promise<{ secret: string; approved: Stored }> {
  const { body } = await relyingParty(issuer).token({ ...request(code), completion_mode: 'deferred' })
  const { deferral_code: deferralCode } = body as { deferral_code: string }
  const _id = deferralCode.slice(0, 22)
  await verbsOn(mongoStore(db), issuer).decide(_id, 'approved', { by: 'bench' })
  const approved = await db.collection<Stored>('deferrals').findOne({ _id })
  return { secret: deferralCode.slice(22), approved: approved as Stored }
}

async function authorize(issuer: string, response_type: string): Promise<Record<string, string>> {
  const { params } = await userAgent().visit(relyingParty(issuer).authorizationUrl({ response_type, nonce: 'nonce' }))
  return params
}

async function only(collection: Collection<Stored>): Promise<Stored> {
  const [stored, another] = await collection.find().limit(2).toArray()
  if (!stored || another) throw new Error(`expected one document in ${collection.collectionName}`)
  return stored
}

async function copy(collection: Collection<Stored>, template: Stored, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomBytes(16).toString('base64url'))
  const { _id, payload } = template
  await collection.insertMany(
    ids.map((id) => ({ ...template, _id: id, ...(payload && { payload: payload.replaceAll(_id, id) }) })),
  )
  return ids
}

/** Copies of a code, each of another end-user: one end-user may have 50 requests that wait. */
async function codesOfMany(db: Db, code: Stored, count: number): Promise<string[]> {
  const grants = db.collection<Stored>('oidc_grant')
  const { sessionUid, expiresWithSession, ...members } = JSON.parse(code.payload)
  const grant = await grants.findOne({ _id: members.grantId })
  if (!grant) throw new Error('the code has no Grant')
  const ids = await copy(grants, grant, count)
  const ofOthers = (payload: object, jti: string) => JSON.stringify({ ...payload, jti, accountId: jti })
  await grants.bulkWrite(
    ids.map((_id) => {
      const $set = { payload: ofOthers(JSON.parse(grant.payload), _id) }
      return { updateOne: { filter: { _id }, update: { $set } } }
    }),
  )
  const codes = ids.map((_id) => ({ ...code, _id, grantId: _id, payload: ofOthers({ ...members, grantId: _id }, _id) }))
  await db.collection<Stored>('oidc_authorization_code').insertMany(codes)
  return ids
}

function batchesOf(all: PostRequest[]): Batch {
  let first = 0
  return async (count) => {
    const batch = [...inTurn(all, count, first)]
    first += count
    return batch
  }
}

/** A token request. */
export function token(params: Record<string, string>): PostRequest {
  return { path: '/token', body: new URLSearchParams(params).toString() }
}
