import { decodeJwt } from 'jose'
import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients, grantType, oauthGrantType } from '../../support/clients.js'
import { authorizationCode, grants, redeem } from '../../support/deferral.js'
import { observedAdapter, observedStore } from '../../support/observed.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type Answer, dpopKey, type Extras, type RelyingParty, relyingParty } from '../../support/relying_party.js'

type Wire = Record<string, string | undefined>

/** The clients as a host without the plugin takes them. */
const hostClients = clients.map((client) => ({
  ...client,
  grant_types: (client.grant_types ?? []).filter((type) => type !== grantType && type !== oauthGrantType),
  response_types: ['code'],
})) as DeferringClientMetadata[]

const ours = { ...observedAdapter(), ...withStore() }
const hosts = observedAdapter()
let op: TestProvider
let host: TestProvider

function withStore() {
  const { store, calls: storeCalls } = observedStore()
  return { store, storeCalls }
}

beforeAll(async () => {
  op = await startProvider({ configuration: { adapter: ours.adapter }, deferred: { store: ours.store } })
  host = await startProvider({
    configuration: { adapter: hosts.adapter, clients: hostClients },
    deferred: { enabled: false },
  })
})
afterAll(() => Promise.all([op.close(), host.close()]))

const random = ['access_token', 'refresh_token', 'id_token']
const volatile = ['date', 'dpop-nonce', 'content-length']

/** An answer as bytes in which everything random is replaced by its length. */
function fixed({ status, headers, body }: Answer, { issuer }: TestProvider): object {
  const masked = Object.entries(body).map(([name, value]) => [
    name,
    random.includes(name) ? `${name} of ${String(value).split('.').length} parts` : value,
  ])
  const kept = [...headers].filter(([name]) => !volatile.includes(name))
  const identity = body.id_token && {
    ...decodeJwt(body.id_token),
    ...{ iss: '', iat: 0, exp: 0, at_hash: '', auth_time: 0, sid: '' },
  }
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, value.replaceAll(issuer, 'issuer')])),
    bytes: JSON.stringify(Object.fromEntries(masked)).replaceAll(issuer, 'issuer'),
    lengths: ['access_token', 'refresh_token'].map((name) => body[name]?.length),
    identity: JSON.stringify(identity),
  }
}

interface Case {
  clientId?: string
  isBound?: boolean
  request?: Wire
  params?: Wire
  extras?: Extras
}

const cases: Record<string, Case> = {
  'the plainest': {},
  'an access token for userinfo': { request: { scope: 'openid email', nonce: 'n' }, params: { scope: 'payments' } },
  'a refresh token': { request: { scope: 'openid offline_access', prompt: 'consent' } },
  'a private_key_jwt client': { clientId: 'assertion' },
  'a DPoP key': { isBound: true },
  'an answer that could be HTML': { extras: { headers: { accept: 'text/html' } } },
  'a refusal': { params: { code: 'wrong', scope: 'unknown"' } },
  'a refusal that could be HTML': {
    params: { code: 'wrong', scope: 'unknown"' },
    extras: { headers: { accept: 'text/html' } },
  },
  'no client authentication': { extras: { headers: { authorization: 'Basic c2VjcmV0Ondyb25n' } } },
}

async function answered(at: TestProvider, grant: (typeof grants)[number], name: string, opted: Wire): Promise<object> {
  const { clientId = 'secret', isBound, request = {}, params = {}, extras } = cases[name] as Case
  const rp: RelyingParty = relyingParty(at.issuer, clientId, isBound ? await dpopKey() : undefined)
  if (grant === 'client_credentials') {
    const { code, ...others } = params
    return fixed(await rp.token({ grant_type: grant, ...others, ...opted }, extras), at)
  }
  const { scope, ...others } = params
  return fixed(await redeem(rp, await authorizationCode(rp, request), { ...others, ...opted }, extras), at)
}

const optIns = {
  'opted in and not deferred': { completion_mode: 'deferred', client_notification_token: 'a' },
  'not opted in': {},
  'another completion_mode': { completion_mode: 'other' },
}

describe.each(Object.keys(optIns) as (keyof typeof optIns)[])('%s', (opting) => {
  describe.each(grants)('%s', (grant) => {
    const names = Object.keys(cases)
    test.each(opting === 'opted in and not deferred' ? names : names.slice(0, 1))(
      "I-017 I-022 I-026 I-035 the answer is the host's own: %s",
      async (name) => {
        const expected = await answered(host, grant, name, {})
        expect(await answered(op, grant, name, optIns[opting])).toEqual(expected)
      },
    )
  })
})

// one insert, where the adapter has one, takes the place of a read and a write
const apartFromReplays = (calls: string[]) => calls.filter((call) => !call.startsWith('ReplayDetection.'))

describe("I-026 without a deferral the host's storage is used as ever, and ours is not", () => {
  test.each(grants)('%s', async (grant) => {
    for (const name of ['a refresh token', 'a DPoP key', 'a refusal']) {
      ours.calls.length = hosts.calls.length = ours.storeCalls.length = 0
      await answered(host, grant, name, {})
      await answered(op, grant, name, {})
      expect(apartFromReplays(ours.calls)).toEqual(apartFromReplays(hosts.calls))
      // a code that is not there may be one that led to a deferral
      const isUnknownCode = name === 'a refusal' && grant === 'authorization_code'
      expect(ours.storeCalls).toEqual(isUnknownCode ? ['find'] : [])
    }
  })
})
