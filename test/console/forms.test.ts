import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDesk, type TestDesk } from './desk.js'

describe('a form', () => {
  let desk: TestDesk
  let id: string

  beforeAll(async () => {
    desk = await startDesk()
    id = await desk.add()
  })
  afterAll(() => desk.close())

  test('that is too large, or none, is refused', async () => {
    const path = `deferrals/${id}/comment`
    expect((await desk.post(path, { text: 'x'.repeat(70_000) })).status).toBe(413)
    const headers = { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin' }
    const json = { method: 'POST', body: '{"text":"x"}', headers: { ...headers, 'content-type': 'application/json' } }
    expect((await fetch(desk.url + path, json)).status).toBe(415)
  })

  test('that is large and has no length is refused before it is whole', async () => {
    const { hostname, port, pathname } = new URL(desk.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      [
        `POST ${pathname}deferrals/${id}/comment HTTP/1.1`,
        'Host: desk',
        'Cookie: staff=kim',
        'Sec-Fetch-Site: same-origin',
        'Content-Type: application/x-www-form-urlencoded',
        'Transfer-Encoding: chunked',
        '',
        '',
      ].join('\r\n'),
    )
    const chunk = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`
    for (let sent = 0; sent < 5; sent++) socket.write(chunk)
    const [first] = await new Promise<Buffer[]>((resolve) => socket.once('data', (data) => resolve([data])))
    socket.destroy()
    expect(String(first)).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('no query and no path leads a redirect elsewhere', async () => {
    const { origin, pathname } = new URL(desk.url)
    const targets = ['//evil.example', 'https://evil.example/', '/\\evil.example', 'javascript:alert(1)']
    for (const target of targets) {
      const query = new URLSearchParams({ next: target, status: target, return_to: target, queue: target })
      const answer = await desk.post(`deferrals/${id}/comment?${query}`, { text: 'x', next: target, return_to: target })
      const location = new URL(answer.headers.get('location') ?? '', `${desk.url}deferrals/${id}/comment`)
      expect([location.origin, location.pathname]).toEqual([origin, `${pathname}deferrals/${id}`])
    }
    const bare = await fetch(`${desk.url.slice(0, -1)}?queue=a`, { redirect: 'manual' })
    expect([bare.status, bare.headers.get('location')]).toEqual([308, './desk/?queue=a'])
  })
})
