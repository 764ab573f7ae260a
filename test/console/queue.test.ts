import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Request, startDesk, type TestDesk } from './desk.js'

describe('the queue', () => {
  let desk: TestDesk
  const ids: Record<string, string> = {}
  const requests: Record<string, Request> = {
    late: { dueIn: 10, queue: 'kyc', expiresIn: 90_000 },
    soon: { dueIn: 4000, accountId: 'mina', expiresIn: 80_000 },
    later: { dueIn: 50_000, clientId: 'other', expiresIn: 70_000 },
    undated: { profile: 'openid', queue: 'kyc', expiresIn: 60_000 },
  }

  beforeAll(async () => {
    desk = await startDesk()
    for (const [name, request] of Object.entries(requests)) {
      ids[name] = await desk.add({ title: name, ...request })
      desk.op.clock.advance(10)
    }
    for (const name of ['refused', 'approved']) {
      ids[name] = await desk.add({ title: name })
      desk.op.clock.advance(1)
    }
    await desk.op.provider.deferrals.deny(ids.refused!, { by: 'robin' })
    await desk.op.provider.deferrals.approve(ids.approved!, { by: 'robin' })
    await desk.op.provider.deferrals.assign(ids.soon!, { to: 'kim', by: 'kim', for: 8000 })
    desk.op.clock.advance(3600)
  })
  afterAll(() => desk.close())

  const titlesIn = (html: string) =>
    [...html.matchAll(/class="row" href="[^"]*"><bdi>([^<]*)</g)].map(([, title]) => title)
  const titles = async (search: string) => titlesIn(await (await desk.get(search)).text())

  test.each([
    ['', ['late', 'soon', 'later', 'undated']],
    ['?order=expiring', ['undated', 'later', 'soon', 'late']],
    ['?order=oldest', ['late', 'soon', 'later', 'undated']],
    ['?order=newest', ['undated', 'later', 'soon', 'late']],
    ['?queue=kyc', ['late', 'undated']],
    ['?client=other', ['later']],
    ['?person=mina', ['soon']],
    ['?assignee=mine', ['soon']],
    ['?assignee=nobody', ['late', 'later', 'undated']],
    ['?kind=openid', ['undated']],
    ['?kind=authorization_code', ['late', 'soon', 'later']],
    ['?age=hour', ['late', 'soon', 'later', 'undated']],
    ['?age=day', []],
    ['?text=la', ['late', 'later']],
    ['?status=denied', ['refused']],
    ['?status=approved', ['approved']],
    ['?status=redeemed', []],
    ['?status=all&order=oldest', ['late', 'soon', 'later', 'undated', 'refused', 'approved']],
    ['?status=denied&text=x&assignee=mine&order=due', ['refused']],
    ['?status=nonsense&order=nonsense&age=nonsense&assignee=nonsense', ['late', 'soon', 'later', 'undated']],
    ['?status=pending&status=denied', ['late', 'soon', 'later', 'undated']],
  ])('%s shows %j', async (search, expected) => {
    expect(await titles(search)).toEqual(expected)
  })

  test('without due times the oldest come first', async () => {
    expect(await titles('?queue=kyc&kind=openid')).toEqual(['undated'])
    const html = await (await desk.get('?kind=openid')).text()
    expect(html).toContain('<option value="oldest" selected>')
  })

  test('says due and overdue in words, and the exact time on hover', async () => {
    const html = await (await desk.get()).text()
    expect(html).toMatch(/class="deadline late"><time datetime="[^"]+" title="[^"]+ UTC">overdue by (59|60) minutes</)
    expect(html).toMatch(/class="deadline soon"><time [^>]*>due in 6 minutes</)
    expect(html).toMatch(/class="deadline later"><time [^>]*>due in 12 hours</)
    expect(html).toMatch(/<time datetime="[^"]+" title="[^"]+ UTC">60 minutes ago</)
  })

  test('counts on every tab, and those of the filter', async () => {
    const counts = async (search: string) => {
      const html = await (await desk.get(search)).text()
      return [...html.matchAll(/class="count">(\d+)</g)].map(([, count]) => Number(count))
    }
    expect(await counts('')).toEqual([4, 1, 1, 0, 0, 0])
    expect(await counts('?queue=kyc')).toEqual([2, 0, 0, 0, 0, 0])
    expect(await counts('?text=la')).toEqual([2, 1, 1, 0, 0, 0])
    expect(await counts('?assignee=mine')).toEqual([1, 1, 1, 0, 0, 0])
  })

  test('a request keeps the filter: on the way back, on the way on, and after an action', async () => {
    const html = await (await desk.get(`deferrals/${ids.late}?queue=kyc&order=oldest`)).text()
    expect(html).toContain('<a href="../?order=oldest&amp;queue=kyc" data-key="u">')
    expect(html).toContain(`<a href="../deferrals/${ids.undated}?order=oldest&amp;queue=kyc" data-key="n" rel="next">`)
    const answer = await desk.post(`deferrals/${ids.late}/comment?queue=kyc&order=oldest`, {
      text: 'x',
      next: ids.undated!,
    })
    expect(answer.headers.get('location')).toBe(
      `../${ids.late}?order=oldest&queue=kyc&done=commented&next=${ids.undated}`,
    )
  })

  test('the next request is nobody else’s, and one that this operator may decide', async () => {
    const html = await (await desk.get(`deferrals/${ids.late}`, 'robin')).text()
    expect(html).toContain(`<a href="../deferrals/${ids.later}" data-key="n" rel="next">`)
  })

  test.each(['', '?order=oldest'])(
    '%s goes on page by page, and a wrong cursor gives the first page',
    async (first) => {
      const many = await startDesk()
      const expected: string[] = []
      for (let count = 0; count < 60; count++) {
        await many.add({ title: `request ${count}` })
        expected.push(`request ${count}`)
        many.op.clock.advance(1)
      }
      const read = async (search: string) => (await many.get(search)).text()
      const seen: (string | undefined)[] = []
      let search: string | undefined = first
      while (search !== undefined) {
        const html: string = await read(search)
        seen.push(...titlesIn(html))
        search = /href="\.\/(\?[^"]*)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
      }
      expect(seen).toEqual(expected)
      const cursor = /cursor=([^"&]+)/.exec(await read('?order=oldest'))?.[1]
      for (const wrong of ['x', '', 'a&cursor=b', `${cursor}x`, `${cursor}&order=expiring`, '%00', 'x'.repeat(5000)]) {
        const html = await read(`?order=oldest&cursor=${wrong}`)
        expect([wrong, html.includes('First page')]).toEqual([wrong, wrong.includes('order=expiring')])
      }
      await many.close()
    },
  )
})
