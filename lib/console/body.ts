import type { Context } from 'koa'

// a request has 16 KiB of details at most; what a form says about it is less
const limit = 64 * 1024

async function read(ctx: Context): Promise<string> {
  if ((ctx.request.length ?? 0) > limit) ctx.throw(413, 'this request is too large')
  const chunks: Buffer[] = []
  let size = 0
  // the request stays open, so that the answer still reaches its sender
  for await (const chunk of ctx.req.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > limit) ctx.throw(413, 'this request is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** What a body parser of the integrator's has left: Koa's at `ctx.request.body`, others' at `req.body`. */
function parsedBody(ctx: Context): unknown {
  return Reflect.get(ctx.request, 'body') ?? Reflect.get(ctx.req, 'body')
}

function toForm(body: object): URLSearchParams {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body)) {
    const values = typeof value === 'object' && value !== null ? Object.values(value) : [value]
    for (const one of values) if (typeof one === 'string') form.append(name, one)
  }
  return form
}

async function readForm(ctx: Context): Promise<URLSearchParams> {
  if (!ctx.is('application/x-www-form-urlencoded')) ctx.throw(415, 'a form must be application/x-www-form-urlencoded')
  const body = parsedBody(ctx)
  if (typeof body === 'object' && body !== null) return toForm(body)
  return new URLSearchParams(typeof body === 'string' ? body : await read(ctx))
}

// RFC 9207 and JARM: each answer of the provider has one of them
const membersOfAnswers = ['iss', 'response']

/**
 * The fields of the submitted form. A provider with the console on its own origin can be made to send one: a client that has an
 * address of the console as its redirect URI gets its answer there, with `response_mode=form_post`, and by the user's browser. Such
 * a form is refused.
 */
export async function formOf(ctx: Context): Promise<URLSearchParams> {
  const form = await readForm(ctx)
  if (membersOfAnswers.some((name) => form.has(name)))
    ctx.throw(403, 'this is the answer of an authorization server, no form')
  return form
}

/** The text of one field without the white space around it; `undefined` for an empty one. */
export function field(form: URLSearchParams, name: string): string | undefined {
  return form.get(name)?.replace(/\r\n?/g, '\n').trim() || undefined
}

/** A whole number above zero; `undefined` for an empty field. */
export function numberField(form: URLSearchParams, name: string): number | undefined {
  const text = field(form, name)
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new TypeError(`${name} must be a whole number above zero`)
  return Number(text)
}

/** The JSON object in the body; an empty body counts as an empty object. */
export async function jsonOf(ctx: Context): Promise<Record<string, unknown>> {
  if (!ctx.is('application/json')) ctx.throw(415, 'the content-type must be application/json')
  const parsed = parsedBody(ctx)
  const body: unknown = parsed instanceof Object ? parsed : parseJson(ctx, await readText(ctx, parsed))
  if (typeof body !== 'object' || body === null || Array.isArray(body)) ctx.throw(400, 'the body must be a JSON object')
  return Object.fromEntries(Object.entries(body))
}

async function readText(ctx: Context, parsed: unknown): Promise<string> {
  return typeof parsed === 'string' ? parsed : read(ctx)
}

function parseJson(ctx: Context, text: string): unknown {
  try {
    return text.trim() === '' ? {} : JSON.parse(text)
  } catch {
    return ctx.throw(400, 'the body must be JSON')
  }
}
