import { expect, test } from 'vitest'
import { startDesk, type TestDesk } from './desk.js'

const hour = 3600
const day = 24 * hour

async function filled(options: Parameters<typeof startDesk>[0] = {}): Promise<TestDesk> {
  const desk = await startDesk(options)
  const { clock, provider } = desk.op
  const long = { expiresIn: 30 * day }
  await desk.add({ ...long, title: 'nine days', dueIn: day })
  clock.advance(7 * day)
  await desk.add({ ...long, title: 'two days' })
  const decided = await desk.add(long)
  clock.advance(30)
  await provider.deferrals.approve(decided, { by: 'robin' })
  clock.advance(2 * day - 2 * hour - 30)
  await desk.add({ ...long, title: 'two hours', queue: 'secret', dueIn: hour })
  await desk.add({ ...long, title: 'two hours, not due' })
  clock.advance(2 * hour)
  await desk.add({ ...long, title: 'new' })
  return desk
}

/** The rows of the table with this heading. */
function tableOf(html: string, by: string): string[][] {
  const [, table = ''] = new RegExp(`<summary>${by} in numbers</summary>\\s*<table>(.*?)</table>`, 's').exec(html) ?? []
  const rows = [...table.matchAll(/<tr>(.*?)<\/tr>/gs)].slice(1)
  return rows.map(([, cells = '']) =>
    [...cells.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = '']) => cell.replace(/<[^>]+>/g, '').trim()),
  )
}

const expectedAges = [
  ['under an hour', '1', '0'],
  ['under a day', '2', '1'],
  ['under a week', '1', '0'],
  ['a week or more', '1', '1'],
]

test('the overview counts what waits by age, and each bar leads to these requests', async () => {
  const desk = await filled()
  const html = await (await desk.get('overview')).text()
  expect(tableOf(html, 'Age')).toEqual(expectedAges)
  expect(html).toContain('<strong>5</strong> requests wait, <strong>2</strong> overdue.')
  const links = [...html.matchAll(/<th scope="row"><a href="([^"]+)">/g)].map(([, href = '']) =>
    href.replaceAll('&amp;', '&'),
  )
  const titles = await Promise.all(
    links.map(async (href) => {
      const queue = await (await desk.get(href.slice(2))).text()
      return [...queue.matchAll(/class="row"[^>]*><bdi>([^<]+)/g)].map(([, title]) => title)
    }),
  )
  expect(titles).toEqual([['new'], ['two hours', 'two hours, not due'], ['two days'], ['nine days']])
  for (const href of links) expect(html.split(`href="${href.replaceAll('&', '&amp;')}"`).length).toBe(3)
  await desk.close()
})

test('the overview shows arrivals and decisions of seven days, and how long decisions took', async () => {
  const desk = await filled()
  const html = await (await desk.get('overview')).text()
  const days = tableOf(html, String.raw`Day \(UTC\)`)
  expect(days.length).toBe(7)
  const sum = (column: number) => days.reduce((total, row) => total + Number(row[column]), 0)
  // the one of nine days ago is out of the week
  expect([sum(1), sum(2)]).toEqual([5, 1])
  expect(tableOf(html, 'Time')).toEqual([
    ['a minute', '1'],
    ['an hour', '0'],
    ['a day', '0'],
    ['longer', '0'],
  ])
  expect(html).toContain('The median is less than a minute.')
  expect(html).not.toContain('lower bounds')
  await desk.close()
})

test('the overview says so when a number is a lower bound', async () => {
  const desk = await startDesk()
  await Promise.all(Array.from({ length: 501 }, () => desk.add()))
  const html = await (await desk.get('overview')).text()
  expect(html).toContain('These numbers are lower bounds: only the newest 500 requests were read.')
  expect(html).toContain('<strong>501</strong> requests wait')
  await desk.close()
})

test('the overview counts only what the operator may read', async () => {
  const desk = await filled({ mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim' })
  expect(tableOf(await (await desk.get('overview', 'kim')).text(), 'Age')).toEqual(expectedAges)
  const ages = tableOf(await (await desk.get('overview', 'robin')).text(), 'Age')
  expect(ages[1]).toEqual(['under a day', '1', '0'])
  expect((await desk.get('overview', '')).status).toBe(401)
  await desk.close()
})

test('an overview without anything is no fault', async () => {
  const desk = await startDesk()
  const html = await (await desk.get('overview')).text()
  expect(html).toContain('<strong>0</strong> requests wait')
  expect(html).toContain('Nothing was decided in thirty days.')
  expect(html).toContain('None has failed.')
  expect(html).not.toMatch(/<style|\sstyle=/)
  await desk.close()
})
