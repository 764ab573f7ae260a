import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDesk, type TestDesk } from './desk.js'

/** Reads pages until there is none. */
async function pagesOf(read: (cursor: string) => Promise<{ ids: string[]; cursor?: string | undefined }>) {
  const pages: string[][] = []
  let cursor: string | undefined = ''
  while (cursor !== undefined) {
    const page: Awaited<ReturnType<typeof read>> = await read(cursor)
    pages.push(page.ids)
    cursor = page.cursor
  }
  return pages
}

describe('what is hidden from an operator', () => {
  let desk: TestDesk
  const hidden: string[] = []
  const open: string[] = []

  beforeAll(async () => {
    desk = await startDesk({ mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim' })
    for (let count = 0; count < 130; count++) {
      const isOpen = count % 4 === 0
      const notification = { status: 'failed', attempts: 1, notBefore: desk.op.clock.now(), fence: 1 } as const
      const members = isOpen ? { title: `open ${count}` } : { title: `veiled ${count}`, queue: 'secret', dueIn: 70_000 }
      const id = await desk.add({ ...members, notification, expiresIn: 80_000 + count })
      ;(isOpen ? open : hidden).push(id)
      desk.op.clock.advance(1)
    }
  })
  afterAll(() => desk.close())

  const call = async (path: string, who = 'robin') => {
    const answer = await fetch(`${desk.url}api/${path}`, { headers: { cookie: `staff=${who}` } })
    return (await answer.json()) as {
      deferrals?: { id: string }[]
      notifications?: { id: string }[]
      cursor?: string
      detail?: string
    }
  }
  const placeOf = (cursor: string | undefined) => Buffer.from(cursor ?? '', 'base64url').toString()

  test.each(['newest', 'oldest', 'due', 'expiring'])('leaves no gap in the pages, in the order %s', async (order) => {
    const pages = await pagesOf(async (cursor) => {
      const listing = await call(`deferrals?limit=10&order=${order}${cursor && `&cursor=${cursor}`}`)
      expect(hidden.some((id) => placeOf(listing.cursor).includes(id))).toBe(false)
      return { ids: (listing.deferrals ?? []).map(({ id }) => id), cursor: listing.cursor }
    })
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 10, 3])
    expect(new Set(pages.flat())).toEqual(new Set(open))
    expect(pages.flat()).toEqual(order === 'newest' ? open.toReversed() : order === 'due' ? pages.flat() : open)
  })

  test('leaves no gap in the notifications', async () => {
    const pages = await pagesOf(async (cursor) => {
      const listing = await call(`notifications?limit=10${cursor && `&cursor=${cursor}`}`)
      return { ids: (listing.notifications ?? []).map(({ id }) => id), cursor: listing.cursor }
    })
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 10, 3])
    expect(new Set(pages.flat())).toEqual(new Set(open))
  })

  test('cannot be asked for by a filter: no next page, no order, tells of it', async () => {
    expect(await call('deferrals?queue=secret&limit=1')).toEqual({ deferrals: [] })
    expect(await call('deferrals?text=veiled&limit=1')).toEqual({ deferrals: [] })
    const [page, empty] = await Promise.all(
      ['?text=veiled', '?text=nothing'].map(async (search) => (await desk.get(search, 'robin')).text()),
    )
    expect(page?.replaceAll('veiled', 'nothing')).toBe(empty)
    const wrong = await call('deferrals?limit=1000')
    expect(wrong.detail).toMatch(/^list: limit must be/)
  })

  test('takes no place in the queue', async () => {
    const html = await (await desk.get('', 'robin')).text()
    expect(html.match(/class="row"/g)?.length).toBe(25)
    const next = /href="\.\/(\?[^"]*)" rel="next"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
    expect((await (await desk.get(next, 'robin')).text()).match(/class="row"/g)?.length).toBe(8)
  })
})
