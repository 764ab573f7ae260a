import type { ExportEntry } from 'oidc-provider-deferred/console'
import { expect, test } from 'vitest'
import { startDesk } from './desk.js'

function logged(): { entries: [string, ExportEntry][]; log: (operator: { id: string }, entry: ExportEntry) => void } {
  const entries: [string, ExportEntry][] = []
  return { entries, log: ({ id }, entry) => void entries.push([id, entry]) }
}

/** The cells of a CSV text (RFC 4180). */
function cellsOf(csv: string): string[][] {
  const lines = csv.trimEnd().split('\r\n')
  return lines.map((line) =>
    [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"')),
  )
}

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\uff1d1', '=HYPERLINK("https://evil.example","x")'])(
  'a cell that begins as %j does is no formula',
  async (accountId) => {
    const { log } = logged()
    const desk = await startDesk({ log })
    const id = await desk.add({ accountId })
    await desk.op.provider.deferrals.deny(id, { by: '=kim', note: '-2+3', description: '@x' })
    const [heads = [], row = []] = cellsOf(await (await desk.get('export.csv')).text())
    const cell = (name: string) => row[heads.indexOf(name)]
    expect(cell('accountId')).toBe(`'${accountId}`)
    expect([cell('decidedBy'), cell('note'), cell('description')]).toEqual(["'=kim", "'-2+3", "'@x"])
    expect(row.filter((text) => /^[\s]*[=+\-@]/.test(text))).toEqual([])
    await desk.close()
  },
)

test('a cell that begins with a tab is no formula, also if tabs separate', async () => {
  const desk = await startDesk({ log: () => {} })
  await desk.add({ accountId: '\t=1' })
  const [heads = [], row = []] = cellsOf(await (await desk.get('export.csv')).text())
  expect(row[heads.indexOf('accountId')]).toBe("'\t'=1")
  await desk.close()
})

test('a cell that a spreadsheet ends at a semicolon or at a line is no formula there either', async () => {
  const desk = await startDesk({ log: () => {} })
  const id = await desk.add({ title: 'rent;=HYPERLINK("https://evil.example")' })
  await desk.op.provider.deferrals.deny(id, { by: 'kim; Kim', note: 'see\n=1+1\nand\t@x; -2', description: 'a;b - c' })
  const [heads = [], row = []] = cellsOf(await (await desk.get('export.csv')).text())
  const cells = ['title', 'note', 'description', 'decidedBy'].map((name) => row[heads.indexOf(name)])
  expect(cells).toEqual([
    `rent;'=HYPERLINK("https://evil.example")`,
    "see\n'=1+1\nand\t'@x; '-2",
    'a;b - c',
    'kim; Kim',
  ])
  await desk.close()
})

test('a spreadsheet sees that the text is UTF-8', async () => {
  const desk = await startDesk({ log: () => {} })
  const bytes = new Uint8Array(await (await desk.get('export.csv')).arrayBuffer())
  expect([...bytes.slice(0, 6)]).toEqual([0xef, 0xbb, 0xbf, ...Buffer.from('"id')])
  await desk.close()
})

test('NDJSON has every deferral as it is, oldest first, with its history; the log says who had them', async () => {
  const { entries, log } = logged()
  const desk = await startDesk({ log })
  const ids = [await desk.add({ accountId: '=1' })]
  desk.op.clock.advance(1)
  ids.push(await desk.add())
  const answer = await desk.get('export.ndjson')
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="deferrals.ndjson"')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const lines = (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ id }) => id)).toEqual(ids)
  expect(lines[0]).toMatchObject({ accountId: '=1', history: [{ event: 'created' }] })
  expect(entries).toEqual([
    ['kim', { event: 'export.started', format: 'ndjson' }],
    ['kim', { event: 'export.ended', format: 'ndjson', rows: 2, isComplete: true }],
  ])
  await desk.close()
})

test('a range of days, and nothing that one may not read', async () => {
  const { entries, log } = logged()
  const desk = await startDesk({ log, mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim' })
  const old = await desk.add()
  desk.op.clock.advance(172_800)
  const secret = await desk.add({ queue: 'secret' })
  const today = desk.op.clock.now().toISOString().slice(0, 10)
  const of = async (query: string, who: string) => (await desk.get(`export.ndjson${query}`, who)).text()
  expect(await of(`?createdAfter=${today}&createdBefore=`, 'kim')).toContain(secret)
  expect(await of(`?createdAfter=${today}`, 'kim')).not.toContain(old)
  expect(await of(`?createdBefore=${today}`, 'kim')).toContain(old)
  expect(await of('', 'robin')).not.toContain(secret)
  expect(entries.at(-1)).toEqual(['robin', { event: 'export.ended', format: 'ndjson', rows: 1, isComplete: true }])
  for (const day of ['soon', '2026-02-30', '2026-02-30T00:00:00Z']) {
    expect((await desk.get(`export.csv?createdAfter=${day}`)).status).toBe(400)
  }
  await desk.close()
})

test('without a log there is no export, and none starts if the log fails', async () => {
  const desk = await startDesk()
  expect((await desk.get('export.csv')).status).toBe(404)
  expect(await (await desk.get('overview')).text()).not.toContain('export.csv')
  await desk.close()
  const broken = await startDesk({ log: () => Promise.reject(new Error('no disk')) })
  const id = await broken.add()
  const answer = await broken.get('export.csv')
  expect([answer.status, (await answer.text()).includes(id)]).toEqual([500, false])
  expect(await (await broken.get('overview')).text()).toContain('export.csv')
  await broken.close()
})

test('strangers and other sites export nothing; HEAD reads nothing', async () => {
  const { entries, log } = logged()
  const desk = await startDesk({ log })
  expect((await desk.get('export.csv', '')).status).toBe(401)
  const headers = { cookie: 'staff=kim' }
  const foreign = await fetch(`${desk.url}export.csv`, { headers: { ...headers, 'sec-fetch-site': 'cross-site' } })
  expect(foreign.status).toBe(403)
  const head = await fetch(`${desk.url}export.csv`, { method: 'HEAD', headers })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect((await desk.post('export.csv', {})).status).toBe(405)
  expect((await desk.get('export.xlsx')).status).toBe(404)
  expect(entries).toEqual([])
  await desk.close()
})

test('an export is sent as it is read, and one that is broken off is logged as such', async () => {
  const { entries, log } = logged()
  const desk = await startDesk({ log })
  await Promise.all(
    Array.from({ length: 400 }, (_, index) => desk.add({ context: { text: String(index).repeat(5000) } })),
  )
  const controller = new AbortController()
  const answer = await fetch(`${desk.url}export.ndjson`, {
    headers: { cookie: 'staff=kim' },
    signal: controller.signal,
  })
  await answer.body!.getReader().read()
  controller.abort()
  await expect.poll(() => entries.length).toBe(2)
  const [, [, ended]] = entries as [unknown, [string, ExportEntry]]
  expect(ended.isComplete).toBe(false)
  expect(ended.rows).toBeLessThan(400)
  await desk.close()
})
