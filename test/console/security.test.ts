import Koa from 'koa'
import mount from 'koa-mount'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authenticate, revisionIn, startDesk, type TestDesk } from './desk.js'

const behindTls = (desk: Koa, path: string) => {
  const app = new Koa({ proxy: true })
  return app.use(mount(path, desk)).callback()
}

describe('the console', () => {
  let desk: TestDesk
  let id: string

  beforeAll(async () => {
    desk = await startDesk({ mayRead: (operator, { queue }) => queue !== 'secret' || operator.id === 'kim' })
    id = await desk.add()
  })
  afterAll(() => desk.close())

  const status = async (of = id) => (await desk.op.provider.deferrals.get(of))?.status

  test('serves nothing to strangers', async () => {
    const paths = ['', '?status=all', `deferrals/${id}`, 'deferrals/unknown', 'nowhere']
    for (const path of paths) {
      const answer = await desk.get(path, '')
      expect([path, answer.status]).toEqual([path, 401])
      const html = await answer.text()
      expect(html).toContain('Please sign in first.')
      expect(html).not.toContain(id)
    }
    expect((await desk.post(`deferrals/${id}/approve`, { confirmed: 'yes' }, '')).status).toBe(401)
    expect((await desk.post(`deferrals/${id}/approve`, { confirmed: 'yes', by: 'kim' }, 'stranger')).status).toBe(401)
    expect(await status()).toBe('pending')
  })

  test('every answer has the headers that keep it from frames, caches and foreign code', async () => {
    const answers = [
      await desk.get(),
      await desk.get(`deferrals/${id}`),
      await desk.get('', ''),
      await desk.get('nowhere'),
    ]
    for (const { headers } of answers) {
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self';frame-ancestors 'none';base-uri 'none'",
      )
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('a page has no inline script and no inline style', async () => {
    for (const path of ['', `deferrals/${id}`]) {
      const html = await (await desk.get(path)).text()
      expect(html).not.toMatch(/<script>|<style|\sstyle=|\son\w+=/)
    }
  })

  test('style sheet, script and icon are kept for good under a name with a hash', async () => {
    const html = await (await desk.get()).text()
    const names = [...html.matchAll(/"(?:\.\/)?(assets\/console\.[\w-]{16}\.(?:css|js|svg))"/g)].map(
      ([, name]) => name!,
    )
    expect(new Set(names).size).toBe(3)
    for (const name of names) {
      const answer = await desk.get(name)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
    }
    const former = await desk.get(names[0]!.replace(/\.[\w-]{16}\./, '.0123456789abcdef.'))
    expect([former.status, former.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect((await desk.get('assets/../console.ts')).status).toBe(404)
  })

  test.each([
    ['from another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['from another host of the domain', { 'sec-fetch-site': 'same-site' }, 403],
    ['from the address bar', { 'sec-fetch-site': 'none' }, 403],
    ['from its own page', { 'sec-fetch-site': 'same-origin' }, 303],
    [
      'from its own page, behind a proxy that changes the host',
      { 'sec-fetch-site': 'same-origin', origin: 'https://ops.example' },
      303,
    ],
    ['from another site that says it is ours', { 'sec-fetch-site': 'cross-site', origin: 'ours' }, 403],
    ['without Fetch Metadata, from its own origin', { 'sec-fetch-site': '', origin: 'ours' }, 303],
    ['without Fetch Metadata, from another origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }, 403],
    ['without Fetch Metadata, from an opaque origin', { 'sec-fetch-site': '', origin: 'null' }, 403],
    ['without Fetch Metadata, from a host that begins alike', { 'sec-fetch-site': '', origin: 'begins alike' }, 403],
    ['with neither', { 'sec-fetch-site': '' }, 403],
  ])('a form %s: %j gets %i', async (_, headers: Record<string, string>, expected) => {
    const { origin } = new URL(desk.url)
    const origins: Record<string, string> = { ours: origin, 'begins alike': `${origin}.evil.example` }
    const sent =
      headers.origin === undefined ? headers : { ...headers, origin: origins[headers.origin] ?? headers.origin }
    const answer = await desk.post(`deferrals/${id}/comment`, { text: 'a comment' }, 'kim', sent)
    expect(answer.status).toBe(expected)
  })

  test.each([
    ['http', 403],
    ['https', 303],
  ])('over https, a form without Fetch Metadata whose origin is %s gets %i', async (scheme, expected) => {
    const secure = await startDesk({}, { by: behindTls })
    const other = await secure.add()
    const headers = {
      'sec-fetch-site': '',
      'x-forwarded-proto': 'https',
      origin: `${scheme}://${new URL(secure.url).host}`,
    }
    expect((await secure.post(`deferrals/${other}/comment`, { text: 'x' }, 'kim', headers)).status).toBe(expected)
    await secure.close()
  })

  test('decides nothing by GET, and nothing by another method than POST', async () => {
    const form = new URLSearchParams({
      confirmed: 'yes',
      revision: revisionIn(await (await desk.get(`deferrals/${id}`)).text()),
    })
    for (const verb of ['approve', 'deny', 'cancel']) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
        const headers = { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin' }
        const answer = await fetch(`${desk.url}deferrals/${id}/${verb}?${form}`, { method, headers })
        expect([verb, method, answer.status, answer.headers.get('allow')]).toEqual([verb, method, 405, 'OPTIONS, POST'])
      }
    }
    expect(await status()).toBe('pending')
  })

  test('HEAD is GET without the body, OPTIONS says what there is', async () => {
    const headers = { cookie: 'staff=kim' }
    for (const path of ['', `deferrals/${id}`]) {
      const head = await fetch(desk.url + path, { method: 'HEAD', headers })
      expect([head.status, await head.text()]).toEqual([200, ''])
      const options = await fetch(desk.url + path, { method: 'OPTIONS', headers })
      expect([options.status, options.headers.get('allow')]).toEqual([204, 'OPTIONS, GET, HEAD'])
      expect(options.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('the actor is who has signed in, whatever the form says', async () => {
    await desk.post(`deferrals/${id}/comment`, { text: 'mine', by: 'robin', operator: 'robin', id: 'robin' })
    const { history = [] } = (await desk.op.provider.deferrals.get(id)) ?? {}
    expect(history.at(-1)).toMatchObject({ event: 'commented', by: 'kim', text: 'mine' })
  })

  test('a request that one may not read is not there: no more than one that does not exist', async () => {
    const secret = await desk.add({ queue: 'secret', title: 'of the secret queue' })
    const unknown = secret.split('').reverse().join('')
    expect((await desk.get(`deferrals/${secret}`, 'kim')).status).toBe(200)
    const pages = await Promise.all([secret, unknown].map((one) => desk.get(`deferrals/${one}`, 'robin')))
    expect(pages.map((page) => page.status)).toEqual([404, 404])
    const [one, other] = await Promise.all(pages.map((page) => page.text()))
    expect(one).toBe(other)
    const forms = await Promise.all(
      [secret, unknown].map((one) => desk.post(`deferrals/${one}/comment`, { text: 'x' }, 'robin')),
    )
    expect(forms.map((form) => form.status)).toEqual([404, 404])
    expect(await (await desk.get('', 'robin')).text()).not.toContain('of the secret queue')
    expect(await (await desk.get('', 'kim')).text()).toContain('of the secret queue')
    expect(await (await desk.get('', 'robin')).text()).not.toContain('class="count"')
  })

  test.each(['x', '..%2f..%2fetc', '%00', 'a'.repeat(22), `${'a'.repeat(5000)}`, '__proto__', 'constructor'])(
    'an id that is none is 404: %s',
    async (wrong) => {
      expect((await desk.get(`deferrals/${wrong}`)).status).toBe(404)
      expect((await desk.post(`deferrals/${wrong}/approve`, {})).status).toBe(404)
      expect((await desk.post(`deferrals/${id}/${wrong}`, {})).status).toBe(404)
    },
  )

  test('a fault says nothing about itself', async () => {
    const faulty = await startDesk({ authenticate, panels: () => Promise.reject(new Error('the password is secret')) })
    const other = await faulty.add()
    const answer = await faulty.get(`deferrals/${other}`)
    expect([answer.status, (await answer.text()).includes('secret is')]).toEqual([500, false])
    await faulty.close()
  })
})

describe('an operator of authenticate', () => {
  test.each([{}, { id: '' }, { id: 1, name: 'x' }, { id: 'x' }, { id: 'x'.repeat(201), name: 'x' }, 'kim'])(
    'that has no id and name is a fault, and lets nobody in: %j',
    async (operator) => {
      const desk = await startDesk({ authenticate: () => operator as never })
      expect((await desk.get()).status).toBe(500)
      await desk.close()
    },
  )
})
