import type { Context } from 'koa'
import { dateTime, toDate } from '../../back_office/moment.js'
import { jsonOf } from '../body.js'
import type { Operation } from './operation.js'
import type { Members, Schema } from './schema.js'

function timeOf(ctx: Context, name: string, value: unknown): Date {
  const date = typeof value === 'string' && dateTime.test(value) ? toDate(value) : undefined
  return date ?? ctx.throw(400, `${name} must be a time as in RFC 3339, such as 2030-01-31T12:00:00Z`)
}

function assertListed(ctx: Context, members: Members, names: Iterable<string>, kind: string): void {
  for (const name of names) {
    if (Object.hasOwn(members, name)) continue
    if (name === 'by') ctx.throw(400, 'by must not be sent: the actor is the operator who sends the request')
    const known = Object.keys(members)
    ctx.throw(400, `${name} is no ${kind} here, use ${known.length > 0 ? `one of ${known.join(', ')}` : 'none'}`)
  }
}

/** The value of a parameter. If a number has another form it stays a text, and the back office refuses it. */
function parameterOf(ctx: Context, name: string, schema: Schema, [text = '', ...others]: string[]): unknown {
  if (others.length > 0) ctx.throw(400, `${name} must not be repeated`)
  if (schema.format === 'date-time') return timeOf(ctx, name, text)
  if (schema.type === 'boolean')
    return /^(true|false)$/.test(text) ? text === 'true' : ctx.throw(400, `${name} must be true or false`)
  if (schema.type === 'integer' && /^\d{1,9}$/.test(text)) return Number(text)
  return text
}

function queryOf(ctx: Context, members: Members): Record<string, unknown> {
  const query = new URLSearchParams(ctx.querystring)
  const names = new Set(query.keys())
  assertListed(ctx, members, names, 'parameter')
  const entries = [...names].map((name) => {
    const schema = members[name] ?? {}
    const values = query.getAll(name)
    return [name, schema.type === 'array' ? values : parameterOf(ctx, name, schema, values)]
  })
  return Object.fromEntries(entries)
}

async function bodyOf(ctx: Context, { properties = {} }: Schema): Promise<Record<string, unknown>> {
  const body = await jsonOf(ctx)
  assertListed(ctx, properties, Object.keys(body), 'member')
  const entries = Object.entries(body).map(([name, value]) => {
    const isTime = properties[name]?.format === 'date-time'
    return [name, isTime ? timeOf(ctx, name, value) : value]
  })
  return Object.fromEntries(entries)
}

/** Reads the query or the body. A member that the operation does not have is refused. */
export async function inputOf(
  ctx: Context,
  { method, query = {}, body = {} }: Operation,
): Promise<Record<string, unknown>> {
  if (method === 'GET') return queryOf(ctx, query)
  assertListed(ctx, {}, new URLSearchParams(ctx.querystring).keys(), 'parameter')
  return bodyOf(ctx, body)
}
