import { type Context, paramsOf } from '../context.js'

const sent = new WeakMap<Context, string>()

/** Shows the host's checks another response type than the client sent. */
export function replaceResponseType(ctx: Context, type: string): void {
  const params = paramsOf(ctx)
  sent.set(ctx, params.response_type as string)
  params.response_type = type
}

/** Puts the response type that the client sent back in its place. */
export function restoreResponseType(ctx: Context): void {
  const type = sent.get(ctx)
  if (type !== undefined) paramsOf(ctx).response_type = type
}
