import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDesk, type TestDesk } from './desk.js'

describe('the notifications', () => {
  let desk: TestDesk
  let hidden = ''

  beforeAll(async () => {
    desk = await startDesk({ mayRead: (_operator, { id }) => id !== hidden })
    await desk.add({ title: 'polls only' })
  })
  afterAll(() => desk.close())

  const page = async (query = '') => (await desk.get(`notifications${query}`)).text()

  test('open with those that failed, and say when there is none', async () => {
    const html = await page()
    expect(html).toContain('Every notification was delivered, or is still being sent.')
    expect(html).toMatch(/aria-current="page">Not delivered</)
    expect(html).not.toContain('polls only')
  })

  test.each(['', '?status=nonsense', '?status=constructor', '?cursor=nonsense', '?cursor=&status=all'])(
    'answer a wrong query with the first page: %s',
    async (query) => {
      const answer = await desk.get(`notifications${query}`)
      expect([answer.status, (await answer.text()).includes('>First page<')]).toEqual([200, false])
    },
  )

  test('are linked from every page, which says where one is', async () => {
    expect(await page()).toMatch(/<a href="\.\/notifications" aria-current="page">Notifications</)
    expect(await (await desk.get()).text()).toMatch(/<a href="\.\/" aria-current="page">Requests</)
    const id = await desk.add()
    expect(await (await desk.get(`deferrals/${id}`)).text()).toContain('<a href="../notifications">Notifications</a>')
    hidden = id
  })

  test('are for operators only, and for GET only', async () => {
    expect((await desk.get('notifications', '')).status).toBe(401)
    expect((await desk.post('notifications', {})).status).toBe(405)
  })
})
