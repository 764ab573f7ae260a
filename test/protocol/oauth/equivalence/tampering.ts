import {
  type DeferralRecord,
  type DeferralStore,
  type JsonObject,
  memoryStore,
  type Stored,
} from 'oidc-provider-deferred'
import { customGrant } from './custom_grant.js'
import type { Situation } from './situation.js'

/** A store that hands out something else than it was given, at the moment tokens are minted from it. */
export function tamperingStore(tamper: (record: DeferralRecord) => Partial<DeferralRecord>): DeferralStore {
  const store = memoryStore()
  return {
    ...store,
    async find(...args) {
      const record = await store.find(...args)
      return record && ({ ...record, ...tamper(record) } as Stored)
    },
  }
}

const source = (change: JsonObject) => (record: DeferralRecord) => ({ source: { ...record.source, ...change } })
const without = (name: string) => (record: DeferralRecord) => {
  const { [name]: _lost, ...rest } = record.source
  return { source: rest }
}

const code: Situation = {
  grant: 'authorization_code',
  clientId: 'secret',
  proof: 'none',
  wait: 3600,
  order: 'deferred first',
  metadata: {
    subject_type: 'public',
    id_token_signed_response_alg: 'RS256',
    encryptsIdToken: true,
    signsUserinfo: false,
  },
  policy: {
    conformIdTokenClaims: false,
    rotateRefreshToken: true,
    issueRefreshToken: 'by default',
    extraTokenClaims: true,
    defaultResource: 'one of',
    useGrantedResource: false,
  },
  authentication: { acr: 'high', amr: ['pwd'] },
  scope: ['openid', 'offline_access', 'email', 'read'],
  resources: ['https://opaque.example/', 'https://es256.example/'],
  claims: { id_token: { acr: null, sid: null, auth_time: null }, userinfo: { name: null } },
  details: [{ type: 'payment', amount: 1 }],
  authorization: { announced: true, pkce: true, dpopJkt: false, nonce: 'a nonce', max_age: '3600' },
  token: { resource: 'last', details: 'none', omitsRedirectUri: true },
}
const bound: Situation = {
  ...code,
  scope: ['openid', 'email'],
  authorization: { ...code.authorization, announced: false },
  token: { ...code.token, resource: 'none' },
  policy: { ...code.policy, issueRefreshToken: 'always' },
}
const { details: _details, ...plain } = code
const machine: Situation = {
  ...plain,
  grant: 'client_credentials',
  scope: ['read'],
  resources: code.resources.slice(1),
}
const custom: Situation = { ...code, grant: customGrant, resources: code.resources.slice(1) }

/** Mistakes a plugin could make, each in a situation where it matters. */
export const mistakes: [string, Situation, ReturnType<typeof source>][] = [
  ['E-37 nonce', code, without('nonce')],
  ['acr', code, without('acr')],
  ['amr', code, source({ amr: ['pwd', 'otp'] })],
  ['auth_time', code, source({ authTime: 1 })],
  ['sid', code, without('sid')],
  ['claims', code, without('claims')],
  ['scope', code, source({ scope: 'openid offline_access read' })],
  ['refresh token', code, source({ scope: 'openid email read' })],
  ['resource of the authorization request', code, source({ resource: 'https://es256.example/' })],
  ['resource of the token request', { ...code, scope: ['openid', 'read'] }, requestedResource],
  ['authorization_details', code, without('rar')],
  ['session', bound, without('sessionUid')],
  ['end with the session', bound, without('expiresWithSession')],
  ['scope of client credentials', machine, source({ scope: 'write' })],
  ['resource of client credentials', machine, source({ resource: 'https://opaque.example/' })],
  ['nonce of a grant of one\u2019s own', custom, without('nonce')],
  ['resource of a grant of one\u2019s own', custom, without('resource')],
]

/** Situations of this grant that chance may leave out: those of the mistakes, every client with every proof, and a refusal. */
export function examplesOf(grant: Situation['grant']): Situation[] {
  const base = { authorization_code: code, client_credentials: machine, [customGrant]: custom }[grant] as Situation
  const known = grant === 'client_credentials' ? 'secret' : 'public'
  return [
    ...new Set(mistakes.map(([, situation]) => situation).filter((one) => one.grant === grant)),
    { ...base, clientId: 'assertion', proof: 'dpop' },
    { ...base, clientId: known, proof: 'certificate' },
    { ...base, resources: code.resources, token: { ...base.token, resource: 'another' } },
  ]
}

function requestedResource() {
  return { requestedResource: [] } as never
}
