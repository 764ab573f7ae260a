import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients } from '../support/clients.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { revisionIn, startDesk, type TestDesk } from './desk.js'

/** Texts that a client would like a reviewer to see otherwise than they are. */
const hostile: Record<string, string> = {
  html: '<img src=x onerror=alert(1)><script>alert(1)</script>',
  attribute: '" autofocus onfocus="alert(1)',
  quote: "' onmouseover='alert(1)",
  entity: '&lt;b&gt;&#x3c;b&#62;',
  'right to left override': 'safe\u202egnp.exe',
  isolates: '\u2066\u2067\u2068left\u2069open',
  'zero width': 'pay\u200bpal\u200c\u200d\ufeff.com',
  'right to left': '\u05e9\u05dc\u05d5\u05dd (100) \u0633\u0644\u0627\u0645',
  controls: 'a\u0000b\u001b[31mc\u007fd\u0085e\u009b1mf',
  lines: 'one\u2028two\u2029three\r\nApproved by Kim',
  'tag characters': 'hidden\u{e0061}\u{e0062}\u{e007f}',
  fillers: 'a\u3164b\u115fc\u2800d\u00ade',
  'stacked marks': `z${'\u0301'.repeat(60)}`,
  'lone surrogate': 'a\ud800b',
  'script address': 'javascript:alert(document.domain)',
  'data address': 'data:text/html,<script>alert(1)</script>',
  template: `$\{alert(1)} {{constructor}} <% %>`,
  long: 'x'.repeat(10_000),
}

/** Characters that no page of the console contains: controls but the line feed, and those that nobody sees. */
const forbidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u

/** The tags of a page, without the values of their attributes. */
const tagsOf = (html: string) => html.replace(/"[^"]*"/g, '""')

const texts = Object.entries(hostile)

describe('text of somebody else', () => {
  let desk: TestDesk

  beforeAll(async () => {
    const named = texts.map(([name, text]) => ({ ...clients[0], client_id: `client of ${name}`, client_name: text }))
    desk = await startDesk(
      {
        // words of the integrator's that repeat those of the client
        texts: { kind: ({ title }) => title, person: (accountId) => accountId },
        mayDecide: (_operator, { title }) => title === undefined || title,
        panels: ({ title = 'none' }) => [{ title, html: title }],
      },
      {
        configuration: {
          clients: [...clients, ...named] as typeof clients,
          features: { richAuthorizationRequests: richAuthorizationRequests(() => {}) },
        },
      },
    )
  })
  afterAll(() => desk.close())

  const places: Record<string, (text: string, name: string) => Promise<string>> = {
    'client name': (_, name) => desk.add({ clientId: `client of ${name}` }),
    account: (text) => desk.add({ accountId: text }),
    title: (text) => desk.add({ title: text }),
    scope: (text) => desk.add({ scope: ['openid', text.replaceAll(' ', '')] }),
    resource: (text) => desk.add({ resource: [text] }),
    'authorization details': (text) =>
      desk.add({ authorizationDetails: [{ type: text, [text]: text, nested: { list: [text, { [text]: [text] }] } }] }),
    claims: (text) => desk.add({ profile: 'openid', claims: { userinfo: { [text]: { value: text } } } }),
    context: (text) =>
      desk.add({ context: { [text.slice(0, 500)]: text.slice(0, 5000), deep: [{ text: text.slice(0, 500) }] } }),
    progress: async (text) => {
      const id = await desk.add()
      await desk.op.provider.deferrals.progress(id, { step: text.slice(0, 100), by: 'robin' })
      return id
    },
    comment: async (text) => {
      const id = await desk.add()
      await desk.op.provider.deferrals.comment(id, { text: text.slice(0, 2000), by: text.slice(0, 200) })
      return id
    },
    reason: async (text) => {
      const id = await desk.add()
      const words = text.slice(0, 1000)
      await desk.op.provider.deferrals.deny(id, { description: words, note: words, by: text.slice(0, 200) })
      return id
    },
    assignee: async (text) => {
      const id = await desk.add()
      await desk.op.provider.deferrals.assign(id, { to: text.slice(0, 200), by: 'robin' })
      return id
    },
  }

  function assertHarmless(html: string): void {
    expect(html).not.toMatch(forbidden)
    expect(html.match(/<script/g)).toHaveLength(1)
    // no element and no attribute comes from a text
    expect(tagsOf(html)).not.toMatch(/<img src=x|<b>|<[^>]*\s(onerror|onfocus|onmouseover)=/)
    expect(html).not.toMatch(/(href|src|action)="\s*(javascript|data):/i)
    expect(html).not.toMatch(/\u0301{3}/)
    expect(html.length).toBeLessThan(150_000)
  }

  test.each(Object.keys(places).flatMap((place) => texts.map(([name]) => [place, name] as const)))(
    '%s: %s',
    async (place, name) => {
      const id = await places[place]!(hostile[name]!, name)
      const page = await desk.get(`deferrals/${id}`)
      expect(page.status).toBe(200)
      assertHarmless(await page.text())
      assertHarmless(await (await desk.get('?status=all')).text())
    },
  )

  test('words of the integrator for a scope, a resource and a reason are cleaned too', async () => {
    const words = { label: `label${hostile['right to left override']}`, detail: `detail${hostile['zero width']}` }
    const other = await startDesk({
      texts: { scope: () => words, resource: () => words, reasons: () => [words.label] },
    })
    const id = await other.add({ resource: ['https://api.example/'], title: 'x' })
    await other.add({})
    const form = { revision: revisionIn(await (await other.get(`deferrals/${id}`)).text()) }
    const pages = [
      await other.get(),
      await other.get(`deferrals/${id}`),
      await other.post(`deferrals/${id}/approve`, form),
    ]
    for (const html of await Promise.all(pages.map((page) => page.text()))) {
      expect(html).toContain('labelsafe\ufffdgnp.exe')
      expect(html).not.toMatch(forbidden)
    }
    await other.close()
  })

  test('what is removed leaves a mark, and a long text says how long it is', async () => {
    const id = await desk.add({ title: `a\u202eb ${'y'.repeat(10_000)}` })
    const html = await (await desk.get(`deferrals/${id}`)).text()
    expect(html).toContain('a\ufffdb yyy')
    expect(html).toContain('\u2026 (10,004 characters)')
  })

  test('text from right to left stands alone', async () => {
    const id = await desk.add({ title: hostile['right to left']! })
    const html = await (await desk.get(`deferrals/${id}`)).text()
    expect(html).toContain(`<h1><bdi>${hostile['right to left']}</bdi></h1>`)
  })

  test.each(texts)('what a query says is escaped: %s', async (_, text) => {
    const names = [
      'text',
      'queue',
      'client',
      'person',
      'kind',
      'status',
      'order',
      'age',
      'assignee',
      'cursor',
      'done',
      'next',
    ]
    for (const name of names) {
      const query = new URLSearchParams({ [name]: text })
      const page = await desk.get(`?${query}`)
      expect([name, page.status]).toEqual([name, 200])
      const html = await page.text()
      expect(html.match(/<script/g)).toHaveLength(1)
      expect(tagsOf(html)).not.toMatch(/<img src=x|<[^>]*\s(onerror|onfocus|onmouseover)=/)
      expect(html).not.toMatch(/(href|src|action)="\s*(javascript|data):/i)
    }
  })

  test('what a page that does not exist is called is not repeated', async () => {
    const page = await desk.get(encodeURIComponent(hostile.html!))
    expect(page.status).toBe(404)
    expect(await page.text()).not.toContain('onerror')
  })
})
