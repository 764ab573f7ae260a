/*
 * OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0, "Authentication Request": parameters beside the hint
 * must repeat the deferred request, and none may contain the hint (N5).
 */
import { decodeJwt } from 'jose'
import { errors } from 'oidc-provider'
import type { Json } from '../../deferral/deferral.js'
import type { DeferralRecord } from '../../deferral/deferral_record.js'
import { canonical, isObject } from '../../deferral/json.js'
import { bodyOf, type Context, paramsOf } from '../../host/context.js'
import { isRepeated } from '../poll_parameters.js'

/** Throws `invalid_request` for a parameter that was sent and asks for something else than the deferral. */
export function assertSameRequest(ctx: Context, deferral: DeferralRecord): void {
  const sent = sentParameters(ctx)
  for (const [name, isSame] of Object.entries(comparisons)) {
    const value = sent[name]
    if (value === undefined || value === '' || isSame(value, deferral)) continue
    throw new errors.InvalidRequest(`${name} must be left out, or repeat that of the deferred request`)
  }
}

/** Whether a text contains the hint, percent-encoded or not. */
export function containsHint(text: unknown, hint: string): boolean {
  if (typeof text !== 'string') return false
  const plain = text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return text.includes(hint) || plain.includes(hint)
}

type Comparison = (sent: unknown, deferral: DeferralRecord) => boolean

const comparisons: Record<string, Comparison> = {
  scope: (sent, deferral) => sent === 'openid' || isRepeated('scope', [String(sent)], deferral),
  resource: (sent, deferral) => isRepeated('resource', [sent].flat().map(String), deferral),
  claims: (sent, { claims = {} }) => isEqualJson(sent, claims),
  authorization_details: (sent, { authorizationDetails = [], requestedDetails = authorizationDetails }) =>
    isEqualJson(sent, requestedDetails) || isEqualJson(sent, authorizationDetails),
  nonce: (sent, { source }) => sent === source.nonce,
  acr_values: (sent, { source }) => String(sent) === acrValues(source),
  max_age: () => false,
}

// what the client sent, not what the defaults of the host have added
function sentParameters(ctx: Context): Record<string, unknown> {
  const body = bodyOf(ctx) ?? {}
  const { request } = body
  if (typeof request !== 'string' || request === '') return body
  // an encrypted request object: everything in the parameters counts as sent
  return request.split('.').length === 3 ? { ...body, ...decodeJwt(request) } : { ...paramsOf(ctx) }
}

function isEqualJson(sent: unknown, expected: Json): boolean {
  try {
    return canonical(typeof sent === 'string' ? JSON.parse(sent) : sent) === canonical(expected)
  } catch {
    return false
  }
}

// the host turns acr_values into a claim
function acrValues({ claims }: DeferralRecord['source']): string | undefined {
  const { id_token: idToken } = isObject(claims) ? (claims as { id_token?: { acr?: { values?: unknown } } }) : {}
  const values = idToken?.acr?.values
  return Array.isArray(values) ? values.join(' ') : undefined
}
