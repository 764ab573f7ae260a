import { decodeJwt } from 'jose'
import type { Deferral } from 'oidc-provider-deferred'
import { vi } from 'vitest'
import { certificates } from '../../../support/certificates.js'
import { redirectUri } from '../../../support/clients.js'
import { pollDeferral } from '../../../support/deferral.js'
import type { Answer, DpopKey, Extras, RelyingParty } from '../../../support/relying_party.js'
import { codeChallenge, codeVerifier, dpopKey, relyingParty } from '../../../support/relying_party.js'
import { type UserAgent, userAgent } from '../../../support/user_agent.js'
import { customGrant } from './custom_grant.js'
import { type Observed, observe } from './observation.js'
import type { Subject } from './provider.js'
import type { Situation } from './situation.js'

/** A token request without its completion_mode, as often as it is needed. */
type Ask = (more?: Record<string, string>) => Promise<Answer>

/** The client of a situation, with the key it shows. */
export interface Party extends RelyingParty {
  extras: Extras
}

/** What two requests of the same situation led to: answered at once, and deferred, approved and polled. */
export interface Outcome {
  atOnce: Observed
  deferred: Observed
  /** deferrals that were created */
  created: number
}

/** Makes the same request twice, once of each kind. Dates are in the hands of the test. */
export async function both(op: Subject, situation: Situation): Promise<Outcome> {
  const start = Date.now()
  const rp = await partyOf(op, situation)
  const asks = await requestsOf(op, rp, situation)
  const created: Deferral[] = []
  op.provider.on('deferral.created', (deferral) => created.push(deferral))
  const atOnce = async () => observe(op, rp, await asks[0]())
  const hold = () => asks[1]({ completion_mode: 'deferred' })
  const late = situation.order === 'deferred last' ? await atOnce() : undefined
  const held = await hold()
  const first = late ?? (await atOnce())
  vi.setSystemTime(start + situation.wait * 1000)
  const answer = await resolved(op, rp, held, created)
  return { atOnce: first, deferred: await observe(op, rp, answer), created: created.length }
}

async function resolved(op: Subject, rp: Party, held: Answer, created: Deferral[]): Promise<Answer> {
  const [deferral] = created
  if (!deferral || !held.body.deferral_code) return held
  const { changed } = await op.provider.deferrals.approve(deferral.id)
  if (!changed) throw new Error('not approved')
  return pollDeferral(rp, held.body.deferral_code, {}, rp.extras)
}

const keys: Promise<DpopKey> = dpopKey()

async function partyOf(op: Subject, { clientId, proof }: Situation): Promise<Party> {
  const rp = relyingParty(op.issuer, clientId, proof === 'dpop' ? await keys : undefined)
  return { ...rp, extras: proof === 'certificate' ? { headers: certificates.first.header } : {} }
}

async function requestsOf(op: Subject, rp: Party, situation: Situation): Promise<[Ask, Ask]> {
  const { grant } = situation
  if (grant === 'client_credentials') return twice({ grant_type: grant, ...reshaped(situation) })
  if (grant === customGrant) {
    const standing = await standingGrant(op, situation)
    const { nonce } = situation.authorization
    return twice({ grant_type: grant, subject: 'alice', standing, nonce, ...reshaped(situation) })
  }
  const agent = userAgent()
  op.user.interaction = situation.authentication
  const announced = situation.authorization.announced && { completion_mode: 'deferred' }
  const codes = [await codeFor(rp, situation, agent), await codeFor(rp, situation, agent, { ...announced })] as const
  return codes.map((code) => asking(codeRequest(code, situation))) as [Ask, Ask]

  function asking(params: Record<string, string | string[] | undefined>): Ask {
    return (more) => rp.token({ ...params, ...more }, rp.extras)
  }
  function twice(params: Record<string, string | string[] | undefined>): [Ask, Ask] {
    return [asking(params), asking(params)]
  }
}

// what the grants without an authorization request say in the token request
function reshaped({ scope, resources, details }: Situation) {
  return {
    scope: scope.join(' ') || undefined,
    resource: resources[0],
    ...(details && { authorization_details: JSON.stringify(details) }),
  }
}

async function standingGrant(op: Subject, { clientId, scope, resources }: Situation): Promise<string> {
  const grant = new op.provider.Grant({ accountId: 'alice', clientId })
  grant.addOIDCScope(scope.join(' '))
  for (const resource of resources) grant.addResourceScope(resource, scope.join(' '))
  return grant.save()
}

function codeRequest(code: string, { authorization, clientId, details, resources, token }: Situation) {
  const [first] = resources
  const chosen = { none: undefined, first, last: resources.at(-1), all: resources, another: 'https://other.example/' }
  const verifier = authorization.pkce || clientId === 'public'
  return {
    grant_type: 'authorization_code',
    code,
    ...(!token.omitsRedirectUri && { redirect_uri: redirectUri }),
    ...(verifier && { code_verifier: codeVerifier }),
    resource: chosen[token.resource],
    ...(token.details === 'first' && details && { authorization_details: JSON.stringify(details.slice(0, 1)) }),
  }
}

async function codeFor(rp: Party, situation: Situation, agent: UserAgent, hint: object = {}): Promise<string> {
  const { authorization, claims, details, resources, scope } = situation
  const { announced: _announced, dpopJkt, pkce, ...params } = authorization
  const url = new URL(
    rp.authorizationUrl({
      ...params,
      response_type: 'code',
      scope: scope.join(' '),
      ...(scope.includes('offline_access') && { prompt: 'consent' }),
      ...hint,
      ...(dpopJkt && { dpop_jkt: rp.key?.jkt }),
      ...(pkce && { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
      ...(claims && { claims: JSON.stringify(claims) }),
      ...(details && { authorization_details: JSON.stringify(details) }),
    }),
  )
  for (const resource of resources) url.searchParams.append('resource', resource)
  const landing = await agent.visit(url.href)
  const { response } = landing.params
  const { code } = response === undefined ? landing.params : (decodeJwt(response) as Record<string, string>)
  if (!code) throw new Error(`no code: ${landing.status} ${landing.url} ${landing.html}`)
  return code
}
