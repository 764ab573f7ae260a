import type { ExportEntry } from 'oidc-provider-deferred/console'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mountRecordingErrors, startDesk, type TestDesk } from './desk.js'

const fault = new Error('the database does not answer')

describe('a request at which mayRead throws', () => {
  let desk: TestDesk
  let odd: string
  let plain: string
  const unknown = 'A'.repeat(22)
  const faults: unknown[] = []
  const entries: ExportEntry[] = []

  beforeAll(async () => {
    desk = await startDesk(
      {
        mayRead: (_, { title }) => {
          if (title === 'odd one') throw fault
          return true
        },
        log: (_, entry) => void entries.push(entry),
      },
      { by: mountRecordingErrors(faults) },
    )
    odd = await desk.add({ title: 'odd one' })
    plain = await desk.add({ title: 'plain one' })
    await desk.op.provider.deferrals.deny(plain, { by: 'robin' })
  })
  beforeEach(() => {
    faults.length = 0
    entries.length = 0
  })
  afterAll(() => desk.close())

  const call = (path: string, method = 'GET') =>
    fetch(desk.url + path, {
      method,
      headers: { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      ...(method === 'POST' && { body: JSON.stringify({ text: 'x' }) }),
    })

  test.each([
    ['GET', 'deferrals/:id'],
    ['POST', 'deferrals/:id/comment'],
    ['GET', 'api/deferrals/:id'],
    ['POST', 'api/deferrals/:id/comment'],
    ['POST', 'notifications/:id/replay'],
  ])('is answered as an unknown one is: %s %s', async (method, path) => {
    const [hidden, missing] = await Promise.all([odd, unknown].map((id) => call(path.replace(':id', id), method)))
    expect(hidden!.status).toBe(404)
    expect((await hidden!.text()).replaceAll(odd, unknown)).toBe(await missing!.text())
    expect(faults).toEqual([fault])
  })

  test.each(['', '?text=odd', 'overview', 'batch', 'notifications', 'api/deferrals?text=odd'])(
    'is in no list, also where nothing else is: /%s',
    async (path) => {
      const answer = await desk.get(path)
      expect([answer.status, (await answer.text()).includes('odd one')]).toEqual([200, false])
    },
  )

  test('does not take the pages of others down', async () => {
    expect((await desk.get(`deferrals/${plain}`)).status).toBe(200)
  })

  test('does not block the other requests of a batch', async () => {
    const form = new URLSearchParams({ verb: 'deny', reason: 'no' })
    const other = await desk.add({ title: 'another one' })
    const revision = /name="ticked" value="\S+ ([^"]+)"/.exec(await (await desk.get('batch')).text())?.[1]
    form.append('ticked', `${odd} ${revision}`)
    form.append('ticked', `${other} ${revision}`)
    const results = await (await desk.post('batch', form)).text()
    expect(results).toContain('<h1>1 of 2 done</h1>')
    expect(results).toContain('there is no such request')
    expect(results).not.toContain('odd one')
    expect((await desk.op.provider.deferrals.get(odd))?.status).toBe('pending')
  })

  test.each(['csv', 'ndjson'])(
    'is left out of an export as %s, and the log says that something is missing',
    async (format) => {
      const text = await (await desk.get(`export.${format}`)).text()
      expect([text.includes(odd), text.includes(plain)]).toEqual([false, true])
      const { rows, ...entry } = entries.at(-1)!
      expect(entry).toEqual({ event: 'export.ended', format, isComplete: false })
      expect(faults).toEqual([fault])
    },
  )

  test('does not end the live stream', async () => {
    const controller = new AbortController()
    const answer = await fetch(`${desk.url}events`, { headers: { cookie: 'staff=kim' }, signal: controller.signal })
    await desk.op.provider.deferrals.comment(odd, { by: 'robin', text: 'x' })
    await expect.poll(() => faults).toEqual([fault])
    await desk.op.provider.deferrals.comment(plain, { by: 'robin', text: 'x' })
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let received = ''
    for (let isOver = false; !isOver && !received.includes(plain); ) {
      const { value = '', done } = await reader.read()
      received += value
      isOver = done
    }
    expect([received.includes(plain), received.includes(odd)]).toEqual([true, false])
    controller.abort()
  })
})

test('a mayRead that always throws shows nothing to anybody, and is reported', async () => {
  const faults: unknown[] = []
  const desk = await startDesk({ mayRead: () => Promise.reject(fault) }, { by: mountRecordingErrors(faults) })
  await desk.add({ title: 'plain one' })
  for (const path of ['', 'api/deferrals', 'overview', 'notifications']) {
    faults.length = 0
    const answer = await desk.get(path)
    expect([path, answer.status, (await answer.text()).includes('plain one')]).toEqual([path, 200, false])
    if (path !== 'notifications') expect(faults).toContain(fault)
  }
  await desk.close()
})

test('a list fails if mayRead throws at each of its requests: an empty one would say that nothing waits', async () => {
  const desk = await startDesk({ mayRead: () => Promise.reject(fault) }, { by: mountRecordingErrors([]) })
  for (const title of ['plain one', 'plain two']) await desk.add({ title })
  for (const path of ['', 'api/deferrals', 'batch']) expect([path, (await desk.get(path)).status]).toEqual([path, 500])
  await desk.close()
})
