/*
 * Not in the drafts: the option `retryWindow`. A client that did not receive its token response polls again and gets the same
 * answer. The answer is stored as a compact JWE (RFC 7516). Its key is derived from the handle (RFC 5869), which is not stored.
 */
import { hkdfSync } from 'node:crypto'
import { CompactEncrypt, compactDecrypt, errors as joseErrors } from 'jose'
import { errors } from 'oidc-provider'
import type { DeferralRecord } from '../deferral/deferral_record.js'
import { parseHandle } from '../deferral/handle.js'
import { type Context, setDeferral } from '../host/context.js'
import { withPlainFaults } from '../host/faults.js'
import { loadValidGrant } from '../host/grants/valid_grant.js'
import { keepAnswer } from '../host/request/answer.js'
import type { Plugin } from '../plugin.js'
import { refusal } from './token_error_response.js'

type Owner = Pick<DeferralRecord, 'id' | 'issuer' | 'clientId'>

/** Encrypts the answer of a redemption for the store. */
export function sealAnswer(handle: string, owner: Owner, body: unknown): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(body)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', ...claimsOf(owner) })
    .encrypt(keyOf(handle, owner))
}

/** Answers a poll with the answer of the redemption. Call it only for the rightful client. */
export async function repeatAnswer(
  ctx: Context,
  plugin: Plugin,
  deferral: DeferralRecord,
  handle: string,
): Promise<void> {
  if (!(await isStillValid(ctx, plugin, deferral))) throw refusal(ctx, deferral, 'invalid_grant')
  setDeferral(ctx, deferral)
  const answer = await openAnswer(handle, deferral, deferral.answer?.sealed ?? '')
  // if this request has minted tokens and discarded them, its status is that of an empty body
  ctx.status = 200
  ctx.body = answer
  keepAnswer(ctx)
}

async function openAnswer(handle: string, owner: Owner, sealed: string): Promise<unknown> {
  const { plaintext, protectedHeader } = await compactDecrypt(sealed, keyOf(handle, owner))
  const expected = claimsOf(owner)
  const isOurs = protectedHeader.deferral_id === expected.deferral_id && protectedHeader.iss === expected.iss
  if (!isOurs || protectedHeader.client_id !== expected.client_id) {
    throw new joseErrors.JWEInvalid('sealed for another deferral')
  }
  return JSON.parse(Buffer.from(plaintext).toString())
}

// a client must not get revoked tokens
async function isStillValid(ctx: Context, plugin: Plugin, { source }: DeferralRecord): Promise<boolean> {
  try {
    await withPlainFaults(loadValidGrant(ctx, plugin.host, source))
    return true
  } catch (error) {
    if (error instanceof errors.AccessDenied) return false
    throw error
  }
}

function claimsOf({ id, issuer, clientId }: Owner) {
  return { iss: issuer, deferral_id: id, client_id: clientId }
}

function keyOf(handle: string, { id }: Owner): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', parseHandle(handle).secret, id, 'retryWindow', 32))
}
