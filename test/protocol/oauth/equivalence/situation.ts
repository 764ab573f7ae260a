import * as fc from 'fast-check'
import { grants } from '../../../support/deferral.js'
import { customGrant } from './custom_grant.js'
import { apis } from './resource_servers.js'

/** Everything that decides what a token request is answered with: the client, the integrator's configuration, the request. */
export interface Situation {
  grant: (typeof everyGrant)[number]
  clientId: 'secret' | 'assertion' | 'public'
  proof: 'none' | 'dpop' | 'certificate'
  /** how many seconds lie between the request and the poll that redeems it */
  wait: number
  order: 'deferred first' | 'deferred last'
  metadata: {
    subject_type: 'public' | 'pairwise'
    id_token_signed_response_alg: 'RS256' | 'ES256'
    encryptsIdToken: boolean
    signsUserinfo: boolean
  }
  policy: {
    conformIdTokenClaims: boolean
    rotateRefreshToken: boolean
    issueRefreshToken: 'by default' | 'always' | 'never'
    extraTokenClaims: boolean
    defaultResource: 'one of' | 'first' | 'none'
    useGrantedResource: boolean
  }
  /** of the grants that have an end-user */
  authentication: { acr?: string; amr?: string[] }
  scope: string[]
  resources: string[]
  claims?: object
  details?: object[]
  /** of the grant that has an authorization request */
  authorization: {
    announced: boolean
    pkce: boolean
    dpopJkt: boolean
    nonce?: string
    acr_values?: string
    max_age?: string
    response_mode?: string
  }
  token: {
    resource: 'none' | 'first' | 'last' | 'all' | 'another'
    details: 'none' | 'first'
    omitsRedirectUri: boolean
  }
}

/** The host's grants that can wait, and one of an integrator's. */
export const everyGrant = [...grants, customGrant] as const

const names = Object.keys(apis)
const payment = (amount: number) => ({ type: 'payment', amount })

const claims = fc.record(
  {
    id_token: fc.record(
      {
        email: fc.constantFrom(null, { essential: true }),
        acr: fc.constantFrom(null, { values: ['high', 'low'] }),
        auth_time: fc.constantFrom(null, { essential: true }),
        sid: fc.constant(null),
        name: fc.constant(null),
      },
      { requiredKeys: [] },
    ),
    userinfo: fc.record({ email: fc.constant(null), name: fc.constant({ essential: true }) }, { requiredKeys: [] }),
  },
  { requiredKeys: ['id_token'] },
)

const situations = fc.record({
  clientId: fc.constantFrom('secret', 'assertion', 'public'),
  proof: fc.constantFrom('none', 'dpop', 'certificate'),
  wait: fc.constantFrom(0, 1, 3600, 80_000),
  order: fc.constantFrom('deferred first', 'deferred last'),
  metadata: fc.record({
    subject_type: fc.constantFrom('public', 'pairwise'),
    id_token_signed_response_alg: fc.constantFrom('RS256', 'ES256'),
    encryptsIdToken: fc.boolean(),
    signsUserinfo: fc.boolean(),
  }),
  policy: fc.record({
    conformIdTokenClaims: fc.boolean(),
    rotateRefreshToken: fc.boolean(),
    issueRefreshToken: fc.constantFrom('by default', 'by default', 'always', 'never'),
    extraTokenClaims: fc.boolean(),
    defaultResource: fc.constantFrom('one of', 'first', 'none'),
    useGrantedResource: fc.boolean(),
  }),
  authentication: fc.record(
    { acr: fc.constantFrom('high', 'low'), amr: fc.constantFrom<string[][]>(['pwd'], ['pwd', 'otp']) },
    { requiredKeys: [] },
  ),
  scope: fc.subarray(['openid', 'offline_access', 'email', 'profile', 'payments', 'read', 'write'], { minLength: 1 }),
  resources: fc.oneof(fc.constant([]), fc.subarray(names, { minLength: 1, maxLength: 3 })),
  claims: fc.option(claims, { nil: undefined }),
  details: fc.option(fc.constantFrom<object[][]>([payment(1)], [payment(1), payment(1000)]), {
    nil: undefined,
    freq: 2,
  }),
  authorization: fc.record(
    {
      announced: fc.boolean(),
      pkce: fc.boolean(),
      dpopJkt: fc.boolean(),
      nonce: fc.constantFrom('a nonce', 'n-0S6_WzA2Mj'),
      acr_values: fc.constantFrom('high', 'low high'),
      max_age: fc.constantFrom('3600', '100000'),
      response_mode: fc.constantFrom('query', 'fragment', 'form_post', 'jwt', 'query.jwt'),
    },
    { requiredKeys: ['announced', 'pkce', 'dpopJkt'] },
  ),
  token: fc.record({
    resource: fc.constantFrom('none', 'none', 'first', 'first', 'last', 'all', 'another'),
    details: fc.constantFrom('none', 'none', 'none', 'first'),
    omitsRedirectUri: fc.boolean(),
  }),
})

/** Situations of this grant. */
export function situationsOf(grant: Situation['grant']): fc.Arbitrary<Situation> {
  return situations.map((given) => possible({ ...given, grant } as Situation))
}

// what can be asked for together at all; the rest of what is refused is compared like any answer
function possible(given: Situation): Situation {
  const situation = structuredClone(given)
  const { grant, authorization, scope, details, policy } = situation
  // a public client shows a key, or is never deferred
  if (situation.clientId === 'public' && (grant === 'client_credentials' || situation.proof === 'none')) {
    situation.clientId = 'secret'
  }
  if (grant === 'client_credentials') {
    situation.scope = scope.filter((one) => !['openid', 'offline_access'].includes(one))
    // the host takes one here
    situation.resources = situation.resources.slice(0, 1)
  }
  if (grant === 'authorization_code' && !scope.includes('openid')) situation.scope = ['openid', ...scope]
  if (authorization.dpopJkt && situation.proof !== 'dpop') authorization.dpopJkt = false
  if (details && situation.resources.length === 0) delete situation.details
  // with neither, several resources leave the host nothing to choose
  if (policy.useGrantedResource && situation.token.resource === 'none') policy.defaultResource = 'first'
  return situation
}
