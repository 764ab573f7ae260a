import {
  type Deferral,
  DeferralDenied,
  DeferralExpired,
  type Pending,
  type Tokens,
} from 'oidc-provider-deferred/client'
import { ResponseBodyError } from 'openid-client'
import type { Journey, Purpose } from '../storage/entries.js'
import { purposes } from './op.js'

/** What an answer of the provider changes in a journey. */
type Changes = Partial<Journey>

/** The provider has not decided yet. The deferral is all that the bank needs to go on, after a restart too. */
export function deferred(deferral: Deferral): Changes {
  const { handle, interactionUri } = deferral
  return { status: 'checking', deferral, handle, interactionUri: interactionUri ?? null }
}

export function stillPending({ progress, interactionUri }: Pending): Changes {
  return { progress, interactionUri: interactionUri ?? null }
}

export function granted(purpose: Purpose, tokens: Tokens): Changes {
  const scope = tokens.scope ?? purposes[purpose].scope
  return { status: 'open', interactionUri: null, scope, claims: { ...tokens.claims() } }
}

/** There will be no tokens. */
export function ended(error: unknown): Changes {
  const interactionUri = null
  if (error instanceof DeferralDenied) return { status: 'refused', interactionUri, reason: error.reason }
  if (error instanceof DeferralExpired) return { status: 'expired', interactionUri }
  return { status: 'failed', interactionUri, reason: reasonOf(error) }
}

function reasonOf(error: unknown): string {
  if (error instanceof ResponseBodyError) return error.error
  return error instanceof Error ? error.message : String(error)
}
