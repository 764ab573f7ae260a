/*
 * OpenID Connect Deferred Token Response Flow 1.0, "Authentication Cancellation Request": the body of the request. The text of
 * the draft has a form, its example has JSON (C-O02), so both are accepted. The host parses the form, this file parses JSON.
 */
import { errors } from 'oidc-provider'
import { isObject } from '../../deferral/json.js'
import type { Context } from '../../host/context.js'

// the host's own limit for request bodies
const largestBody = 56 * 1024
const form = 'application/x-www-form-urlencoded'

/** The members of a JSON body, or the error to refuse it with; `undefined` for a form and for an empty body. */
export async function cancellationBody(ctx: Context): Promise<Record<string, string> | Error | undefined> {
  const type = ctx.request.type.trim().toLowerCase()
  if (type === '' || type === form) return undefined
  try {
    if (type !== 'application/json') throw wrong(`must be ${form} or application/json, by its Content-Type`)
    const body = parsed(await receivedBody(ctx))
    // a body parser of Koa that runs later does not replace it
    Object.assign(ctx.request, { body })
    return members(body)
  } catch (error) {
    return error instanceof errors.InvalidRequest ? error : wrong('could not be read')
  }
}

function wrong(text: string): Error {
  return new errors.InvalidRequest(`the body of a cancellation ${text}`)
}

// a body parser that ran before has put the body where the host reads it
async function receivedBody({ req, request }: Context): Promise<unknown> {
  if (!req.readable) return (req as { body?: unknown }).body ?? (request as { body?: unknown }).body
  const chunks: Buffer[] = []
  let size = 0
  // as the host does: a destroyed request could not be answered
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > largestBody) throw wrong(`must not be larger than ${largestBody} bytes`)
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

function parsed(body: unknown): unknown {
  const text = ArrayBuffer.isView(body) ? decoded(body) : body
  if (typeof text !== 'string') return text
  if (text.startsWith('\ufeff')) throw wrong('must not begin with a byte order mark')
  try {
    return JSON.parse(text)
  } catch {
    throw wrong('is not valid JSON')
  }
}

function decoded(body: ArrayBufferView): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body as Uint8Array<ArrayBuffer>)
  } catch {
    throw wrong('must be UTF-8')
  }
}

function members(body: unknown): Record<string, string> {
  if (!isObject(body)) throw wrong('must be a JSON object')
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'string') continue
    // the answer does not repeat unusual names: they may hold anything
    const member = /^\w{1,64}$/.test(name) ? name : 'each member'
    throw wrong(`must have a string as ${member}, not ${kindOf(value)}`)
  }
  return body as Record<string, string>
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
