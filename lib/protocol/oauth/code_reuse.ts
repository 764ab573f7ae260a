/*
 * OAuth 2.0 (RFC 6749), "Authorization Response": a code that is used twice may be stolen. So its tokens are revoked, or its
 * deferral is cancelled (C-I17). The id of that deferral is a hash of the code, so the second use finds it, also after the code
 * was deleted.
 */
import { hash } from 'node:crypto'
import { type AuthorizationCode, errors } from 'oidc-provider'
import { codeReused } from '../../deferral/transitions.js'
import { type Context, clientOf, paramsOf } from '../../host/context.js'
import { senderKey } from '../../host/grants/sender_key.js'
import { revokeIssued } from '../../host/grants/valid_grant.js'
import { codeUse } from '../../host/request/code_use.js'
import type { Plugin } from '../../plugin.js'
import { cancelDeferral } from '../cancel_deferral.js'
import { mayPoll } from './completion_mode.js'

/** The members of a code that a token request must match. The source of a deferral has the same members. */
type CodeBinding = Partial<
  Pick<
    AuthorizationCode,
    'clientId' | 'redirectUri' | 'codeChallenge' | 'codeChallengeMethod' | 'dpopJkt' | 'attestationJkt'
  >
>

/**
 * Ends the deferral or the tokens of a code if the refused request is its second use. Needs one read, and none for clients that
 * cannot poll.
 */
export async function endIfReused(ctx: Context, plugin: Plugin, id: string, refusal: unknown): Promise<void> {
  const use = codeUse(ctx)
  // without `use` the host has not verified the DPoP proof of this request
  if (!(refusal instanceof errors.InvalidGrant) || !use || use.isConsumer || !mayPoll(ctx)) return
  // an unused code has neither a deferral nor tokens
  if (use.code && !use.isSpent) return
  const deferral = await plugin.records.find(id)
  if (deferral) {
    if (await couldRedeem(ctx, plugin, deferral.source)) await endReplayed(plugin, id)
    return
  }
  // the first request may still be creating its deferral: mark the id, so that the new deferral is cancelled at once
  const isEarly = use.isSpent && (await couldRedeem(ctx, plugin, use.code as CodeBinding))
  if (isEarly && !(await plugin.records.cancelAhead(id))) await endReplayed(plugin, id)
}

/** Ends the deferral, and throws the host's refusal of a used code. */
export async function refuseReplayed(plugin: Plugin, id: string): Promise<never> {
  await endReplayed(plugin, id)
  throw new errors.InvalidGrant('authorization code already consumed')
}

async function endReplayed(plugin: Plugin, id: string): Promise<void> {
  if (await cancelDeferral(plugin, id, { reason: codeReused })) return
  const deferral = await plugin.records.find(id)
  // the host revokes them only as long as the code is stored
  if (deferral?.status === 'redeemed' && deferral.grantId) await revokeIssued(plugin.host.provider, deferral.grantId)
}

/**
 * Whether this request could have redeemed the code. An attacker who has only seen the code in a URL must not end a deferral.
 */
async function couldRedeem(ctx: Context, { host }: Plugin, code: CodeBinding): Promise<boolean> {
  const client = clientOf(ctx)
  if (code.clientId !== client.clientId || code.redirectUri !== paramsOf(ctx).redirect_uri) return false
  if (!isVerified(code, paramsOf(ctx).code_verifier)) return false
  // without authentication and PKCE the request only proves that it knows the code
  if (client.clientAuthMethod === 'none' && code.codeChallenge === undefined) return false
  try {
    const { binding } = await senderKey(ctx, host)
    const { dpopJkt = binding.jkt, attestationJkt = binding.attestationJkt } = code
    return dpopJkt === binding.jkt && attestationJkt === binding.attestationJkt
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return false
    throw error
  }
}

// RFC 7636, section 4.6; the host supports no other method
function isVerified({ codeChallenge, codeChallengeMethod }: CodeBinding, verifier: unknown): boolean {
  if (codeChallenge === undefined || typeof verifier !== 'string') return codeChallenge === verifier
  return codeChallengeMethod === 'S256' && hash('sha256', verifier, 'base64url') === codeChallenge
}
