/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Cancellation": the client gives up on its request. Whatever the handle is,
 * the answer is the same; only the rightful client's unredeemed deferral is changed by it.
 */
import { errors } from 'oidc-provider'
import type { Core } from '../core.js'
import { isObject } from '../deferral/json.js'
import { answerJson, type Context } from '../host/context.js'
import { afterProof } from '../host/hold.js'
import { lendTokenRoute, replaceBody } from '../host/token_route.js'
import { cancelDeferral } from '../profile/cancellation.js'
import { fromStore, presented } from '../profile/presented_handle.js'

// the host's own limit for request bodies
const largestBody = 56 * 1024

/** Middleware that has the host handle the cancellation endpoint as it handles its token endpoint. */
export function cancellationEndpoint({ tokenRoute, settings }: Core) {
  async function lend(ctx: Context, next: () => Promise<void>): Promise<void> {
    answerJson(ctx)
    lendTokenRoute(ctx, tokenRoute)
    // C-O02: the text of the draft says form, its example is JSON
    const form = ctx.method === 'POST' && ctx.is('application/json') ? await formOf(ctx) : undefined
    if (form) replaceBody(ctx, form)
    return next()
  }

  return (ctx: Context, next: () => Promise<void>): Promise<void> => {
    const ours = ctx.path === settings.routes.cancellation && (ctx.method === 'POST' || ctx.method === 'OPTIONS')
    return ours ? lend(ctx, next) : next()
  }
}

/** Cancels (O-098 to O-110). */
export async function cancel(ctx: Context, core: Core, deferredAuthId: string | undefined): Promise<void> {
  if (deferredAuthId === undefined) throw new errors.InvalidRequest("missing required parameter 'deferred_auth_id'")
  const deferral = await afterProof(ctx, core.handler, () =>
    presented(ctx, core, 'deferred_auth_id', deferredAuthId, fromStore(core)),
  )
  if (deferral) await cancelDeferral(core, deferral.id, { isByClient: true }, deferral)
  ctx.body = {}
}

// undefined: broken, too large, or not an object of strings; the host then refuses the media type with invalid_request
async function formOf(ctx: Context): Promise<URLSearchParams | undefined> {
  try {
    const parsed: unknown = (ctx.req.readable ? undefined : parsedUpstream(ctx)) ?? JSON.parse(await limited(ctx.req))
    if (!isObject(parsed)) return undefined
    const members = Object.entries(parsed)
    if (!members.every((member): member is [string, string] => typeof member[1] === 'string')) return undefined
    return new URLSearchParams(members)
  } catch {
    return undefined
  }
}

function parsedUpstream({ req, request }: Context): unknown {
  return (req as { body?: unknown }).body ?? (request as { body?: unknown }).body
}

async function limited(req: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > largestBody) throw new RangeError('request entity too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
