import type { Context } from 'koa'

/**
 * Refuses a request that another site made a browser send.
 *
 * Fetch Metadata says where a request comes from, and no script can set or change it. All browsers of today send it to https and
 * to loopback. It is a statement of the browser's about its own page, so it holds behind a proxy that rewrites the host. Without
 * it (http in a test network, old browsers) `Origin` must name the host of this request; browsers send it with every POST.
 * A POST with neither does not come from a browser that we know, and is refused. No token in the form is needed, so a page needs
 * no session. `same-site` is refused too: other hosts of the same domain may be somebody else's.
 */
export function assertSameOrigin(ctx: Context): void {
  if (!isSameOrigin(ctx)) ctx.throw(403, 'this form was not sent by this console; open the page and try again')
}

/** Whether a browser says that a page of ours sent this. */
export function isSameOrigin(ctx: Context): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  return site ? site === 'same-origin' : isOrigin(ctx, ctx.get('Origin'))
}

function isOrigin({ host, secure }: Context, origin: string): boolean {
  // an opaque origin is `null`, which is no URL
  if (!URL.canParse(origin)) return false
  const url = new URL(origin)
  // a page that came over http may be anybody's
  return url.host === host.toLowerCase() && (url.protocol === 'https:' || !secure)
}
