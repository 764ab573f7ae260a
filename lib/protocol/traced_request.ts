import type { Deferral } from '../deferral/deferral.js'
import { factsOf } from '../diagnostics/changes.js'
import { type Operation, type OperationMessage, traced } from '../diagnostics/channels.js'
import type { Context } from '../host/context.js'
import type { Plugin } from '../plugin.js'

/** Answers a request; published with the deferral that it is about, if that was found. */
export function tracedRequest(
  ctx: Context,
  { records: { issuer } }: Plugin,
  name: Extract<Operation, 'poll' | 'exchange'>,
  answer: () => Promise<void>,
): Promise<void> {
  return traced(name, { issuer }, answer, () => deferralFacts(ctx))
}

function deferralFacts(ctx: Context): Partial<OperationMessage> {
  const { Deferral: deferral } = ctx.oidc.entities as { Deferral?: Deferral }
  return deferral ? factsOf(deferral) : {}
}
