import { Readable } from 'node:stream'
import { dateOnly, dateTime, toDate } from '../../back_office/moment.js'
import { hasHungUp } from '../../host/hung_up.js'
import type { ExportQuery, Reviewed } from '../../index.js'
import { isReadable, type Visit } from '../desk.js'
import type { ExportEntry } from '../options.js'
import type { Route } from '../routes.js'
import { csvHead, csvLine } from './csv.js'

const formats = {
  csv: { type: 'text/csv; charset=utf-8', head: csvHead, line: csvLine },
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    line: (deferral: Reviewed) => `${JSON.stringify(deferral)}\n`,
  },
}

type Format = keyof typeof formats

function dateOf({ ctx }: Visit, name: keyof ExportQuery): Date | undefined {
  const text = new URLSearchParams(ctx.querystring).get(name)?.trim()
  if (!text) return undefined
  const date = dateOnly.test(text) || dateTime.test(text) ? toDate(text) : undefined
  return date ?? ctx.throw(400, `${name} must be a date, such as 2030-01-31`)
}

function queryOf(visit: Visit): ExportQuery {
  const [createdAfter, createdBefore] = [dateOf(visit, 'createdAfter'), dateOf(visit, 'createdBefore')]
  return { ...(createdAfter && { createdAfter }), ...(createdBefore && { createdBefore }) }
}

type Log = (entry: ExportEntry) => Promise<void>

/**
 * The lines of an export. First yields an empty text, so that `download` can start the generator: only a started one runs its `finally` and
 * logs the end.
 */
async function* lines(visit: Visit, format: Format, query: ExportQuery, log: Log) {
  const { head, line } = formats[format]
  let rows = 0
  let isEachChecked = true
  let isComplete = false
  await log({ event: 'export.started', format, ...query })
  try {
    yield ''
    if (head) yield head
    for await (const deferral of visit.desk.deferrals.export(query)) {
      const readable = await isReadable(visit, deferral)
      isEachChecked &&= readable !== undefined
      if (!readable) continue
      rows += 1
      yield line(deferral)
    }
    isComplete = isEachChecked
  } finally {
    await log({ event: 'export.ended', format, ...query, rows, isComplete })
  }
}

async function download(visit: Visit, name = ''): Promise<void> {
  const { ctx, desk, operator } = visit
  const { log } = desk.options
  // an export that nobody could trace is not made
  if (!log) return ctx.throw(404, 'there is no export: the console has no log')
  const site = ctx.get('Sec-Fetch-Site')
  if (site && site !== 'same-origin' && site !== 'none') ctx.throw(403, 'an export starts at a page of this console')
  const format: Format = name === 'csv' ? 'csv' : 'ndjson'
  const query = queryOf(visit)
  ctx.status = 200
  ctx.attachment(`deferrals.${format}`)
  ctx.set('Content-Type', formats[format].type)
  if (ctx.method === 'HEAD') return
  const write: Log = async (entry) => log(operator, entry)
  const text = lines(visit, format, query, write)
  await text.next()
  const body = Readable.from(text)
  // nobody reads it: end the generator, so that the log has the end
  if (hasHungUp(ctx)) body.destroy()
  ctx.body = body
}

export const exportRoutes: readonly Route[] = [{ method: 'GET', path: /^\/export\.(csv|ndjson)$/, handle: download }]
