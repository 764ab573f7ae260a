/*
 * OAuth 2.0 Deferred Token Response, pull request 47, "Direct deferral": the authorization endpoint answers a code request with
 * the deferral_code itself. Nobody has authenticated the client yet, so the deferral is unclaimed until its first poll.
 */
import { errors } from 'oidc-provider'
import { newId } from '../../deferral/handle.js'
import { bodyOf, type Context, clientOf, paramsOf } from '../../host/context.js'
import { intercept } from '../../host/request/intercepts.js'
import type { Settings } from '../../options/options.js'
import { type DirectSettings, directSettings } from '../../options/profiles.js'
import type { Plugin } from '../../plugin.js'
import { askDefer } from '../ask_defer.js'
import { deferRequest } from '../openid/authorization_request.js'
import { createFromCode, type DeferredCodeRequest } from '../openid/authorization_response.js'
import { canWait, mayPoll } from './completion_mode.js'
import { isDeferrableGrant } from './defer_enforcement.js'

/** Client metadata, and the value of completion_mode, by which a client opts in. */
export const optInName = 'deferred_direct'

// an honest client polls at once
const firstPollWithin = 600

const requests = new WeakSet<Context>()
// the parameters of each response
const responses = new WeakMap<Context, Record<string, string>>()

/** Throws `invalid_request` for a request that opts in and breaks a rule of direct deferral. */
export function checkDirectRequest(ctx: Context, settings: Settings): void {
  const direct = directSettings(settings)
  if (!direct || direct.optIn === 'hint' || !isOptedIn(ctx, settings, direct)) return
  const wrong = defect(ctx, direct)
  if (wrong) throw new errors.InvalidRequest(wrong)
  // the host would keep it in clear, and a URL is no place for a secret
  if ({ ...ctx.query, ...bodyOf(ctx) }.client_notification_token !== undefined) {
    throw new errors.InvalidRequest('client_notification_token must be sent with the first poll instead')
  }
}

/** Asks `defer` about a request that may be deferred directly. `false`: it is another request. */
export async function beforeDirectResponse(ctx: Context, plugin: Plugin): Promise<boolean> {
  const { settings } = plugin
  const direct = directSettings(settings)
  if (!direct || !isOptedIn(ctx, settings, direct) || defect(ctx, direct)) return false
  requests.add(ctx)
  const id = newId()
  const request = { ...deferRequest(ctx, id), profile: 'oauth', grantType: 'authorization_code' } as const
  const terms = await askDefer(ctx, plugin, request)
  // without terms the client gets an ordinary code, and `defer` decides again about its token request
  if (terms) intercept(ctx, { saveCode: (code) => create(ctx, plugin, { id, code, terms }) })
  return true
}

/** Whether this request may be deferred directly, after its last prompt. */
export function mayBeDirect(ctx: Context): boolean {
  return requests.has(ctx)
}

/** Replaces `code` in the response, before the host applies the response mode. */
export function nameDeferralCode(ctx: Context, response: Record<string, unknown>): void {
  const parameters = responses.get(ctx)
  if (!parameters) return
  delete response.code
  Object.assign(response, parameters)
}

/** Middleware: the URL of the response must not leave the browser in a referrer or in the body of the redirect. */
export async function hideResponse(ctx: Context, next: () => Promise<void>): Promise<void> {
  await next()
  if (!responses.has(ctx)) return
  ctx.set('Referrer-Policy', 'no-referrer')
  if (ctx.response.get('Location')) ctx.body = ''
}

async function create(ctx: Context, plugin: Plugin, request: DeferredCodeRequest): Promise<string> {
  const { expiresIn } = request.terms
  const { handle, record } = await createFromCode(ctx, plugin, request, {
    kind: 'deferral_code',
    lives: expiresIn,
    front: (handleHash) => ({
      profile: 'oauth',
      grantType: 'authorization_code',
      direct: 'unclaimed',
      handleHash,
      expiresIn: Math.min(firstPollWithin, expiresIn),
    }),
  })
  // a JWT response has strings, too: X-018
  responses.set(ctx, {
    deferral_code: handle,
    expires_in: String(record.lifetime),
    interval: String(record.interval),
  })
  return handle
}

//
function isOptedIn(ctx: Context, settings: Settings, { optIn, publicClients }: DirectSettings): boolean {
  const { response_type: type, completion_mode: mode } = paramsOf(ctx)
  if (type !== 'code' || !isDeferrableGrant({ settings }, 'authorization_code') || !mayPoll(ctx)) return false
  const client = clientOf(ctx)
  if (!client.grantTypeAllowed('authorization_code') || (!publicClients && client.clientAuthMethod === 'none')) {
    return false
  }
  if (optIn === 'hint') return canWait(ctx, mode)
  return client[optInName] === true || (canWait(ctx, mode) && wordsOf(mode).includes(optInName))
}

function wordsOf(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ') : []
}

/** Why this request cannot be deferred directly; `undefined` if it can. */
function defect(ctx: Context, { responseModes }: DirectSettings): string | undefined {
  const { code_challenge: challenge, dpop_jkt: thumbprint } = paramsOf(ctx)
  const { responseMode = 'query' } = ctx.oidc as { responseMode?: string }
  const mode = responseMode === 'jwt' ? 'query.jwt' : responseMode
  if (challenge === undefined) return 'code_challenge must be sent with completion_mode deferred_direct'
  if (clientOf(ctx).clientAuthMethod === 'none' && thumbprint === undefined) {
    return 'dpop_jkt must be sent by public clients with completion_mode deferred_direct'
  }
  const isAllowed = responseModes.some((allowed) => allowed === mode)
  return isAllowed ? undefined : `response_mode ${responseMode} is not allowed with completion_mode deferred_direct`
}
