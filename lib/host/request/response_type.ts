import { type Context, paramsOf } from '../context.js'

const originals = new WeakMap<Context, string>()

/** Replaces the response type of this request for the host's checks. */
export function replaceResponseType(ctx: Context, type: string): void {
  const params = paramsOf(ctx)
  originals.set(ctx, params.response_type as string)
  params.response_type = type
}

/** Restores the response type that the client sent. */
export function restoreResponseType(ctx: Context): void {
  const type = originals.get(ctx)
  if (type !== undefined) paramsOf(ctx).response_type = type
}
