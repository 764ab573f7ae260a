/*
 * The option `devConsole`: the console under the provider's issuer, for the first minutes on a developer's machine.
 */
import type { Context } from 'koa'
import { fail, path as optionPath } from './options/option_error.js'
import type { Plugin } from './plugin.js'

const path = '/deferred/console'

const loopbackAddress = /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/
const loopbackHost = /^([\w-]+\.)*localhost$|^127(\.\d{1,3}){3}$|^\[::1\]$/
const forwarding = /^(via|forwarded|x-forwarded(-.+)?|(x-real|x-client|true-client|cf-connecting)-ip|x-original-.+)$/

const operator = { id: 'developer', name: 'Developer' }

const isLoopback = (url: string) => URL.canParse(url) && loopbackHost.test(new URL(url).hostname)

/** The addresses that a request names as its own. Behind a proxy that rewrites `Host`, a browser still names the proxy's. */
function addressesIn({ headers }: Context['req']): string[] {
  const { host = '', origin, referer } = headers
  const isOwnPage = headers['sec-fetch-site'] === 'same-origin'
  return [`http://${host}`, origin, isOwnPage ? referer : undefined].filter((address) => address !== undefined)
}

/**
 * Whether a request comes from a program on this machine, straight from it. A proxy on this machine sends requests of others: it adds
 * headers of its own, or speaks HTTP/1.0 as nginx does. The name in `Host` is a loopback name, or a page of another site has led a name
 * of its own to this machine.
 */
function isLocal(req: Context['req']): boolean {
  const isForwarded = Object.keys(req.headers).some((name) => forwarding.test(name))
  const isDirect = loopbackAddress.test(req.socket.remoteAddress ?? '') && !isForwarded && req.httpVersion !== '1.0'
  return isDirect && addressesIn(req).every(isLoopback)
}

/** The console is loaded with its first request: nothing else of this package needs Koa's views, or its assets. */
async function loadConsole({ host: { provider }, settings: { now } }: Plugin) {
  const { createConsole } = await import('./console/index.js').catch((error: unknown) => {
    throw new Error('the console could not be loaded, install koa beside oidc-provider', { cause: error })
  })
  const desk = createConsole(provider, {
    authenticate: () => operator,
    mayDecide: () => true,
    brand: { name: 'Development console' },
    ...(now && { now }),
  })
  return desk.callback()
}

function show(ctx: Context, text: string): void {
  ctx.status = 403
  ctx.set('Cache-Control', 'no-store')
  ctx.body = text
}

/** What is below an issuer of others is reached by others. */
export function assertLocalIssuer(issuer: string): void {
  if (isLoopback(issuer)) return
  fail('devConsole', 'needs an issuer on localhost, mount createConsole with your own sign-in for any other')
}

/** Serves the console, and says where. */
export function startDevConsole(plugin: Plugin): void {
  const { provider } = plugin.host
  let loaded: ReturnType<typeof loadConsole> | undefined
  provider.use(async (ctx, next) => {
    if (ctx.path !== path && !ctx.path.startsWith(`${path}/`)) return next()
    // a configuration that is read late may have changed it after the start
    const isDevelopment = process.env.NODE_ENV !== 'production'
    if (!isDevelopment || !isLocal(ctx.req)) return show(ctx, 'The development console is for this machine only.')
    loaded ??= loadConsole(plugin)
    const desk = await loaded
    const original: string = Reflect.get(ctx.req, 'originalUrl') ?? ctx.originalUrl
    Reflect.set(ctx.req, 'originalUrl', original)
    // Koa keeps the query, and writes `req.url`
    ctx.path = ctx.path.slice(path.length) || '/'
    ctx.respond = false
    await desk(ctx.req, ctx.res)
  })
  const address = `${provider.issuer.replace(/\/$/, '')}${path}/`
  process.emitWarning(`${optionPath}.devConsole lets everybody on this machine decide at ${address}`)
}
