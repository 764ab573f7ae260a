import { Provider as Host } from 'oidc-provider'
import { createConsole, safe } from 'oidc-provider-deferred/console'
import { describe, expect, test } from 'vitest'
import { useProvider } from '../support/use_provider.js'
import { authenticate, startDesk } from './desk.js'

describe('createConsole', () => {
  const op = useProvider()

  test.each([
    [undefined, 'options must be an object with authenticate'],
    [{}, 'authenticate is missing: without it nobody can be let in'],
    [{ authenticate: 'kim' }, 'authenticate must be a function'],
    [{ authenticate, mayDecide: true }, 'mayDecide must be a function'],
    [{ authenticate, mayread: () => true }, 'mayread is not an option, use one of authenticate, mayDecide, mayRead'],
    [{ authenticate, signIn: '' }, 'signIn must be a non-empty string'],
    [{ authenticate, brand: 'Harbour' }, 'brand must be an object'],
    [{ authenticate, brand: { title: 'x' } }, 'brand.title is not an option, use one of name, colours, logo'],
    [{ authenticate, brand: { logo: {} } }, 'brand.logo must be a URL or markup made with safe'],
    [{ authenticate, brand: { colours: { accent: 'red' } } }, 'brand.colours.accent must be a colour as #rrggbb'],
    [
      { authenticate, brand: { colours: { accent: '#000000}body{display:none' } } },
      'brand.colours.accent must be a colour as #rrggbb',
    ],
    [
      { authenticate, brand: { colours: { accent: '#ffff00' } } },
      'brand.colours.accent must have a contrast of 4.5 to #eef2f1',
    ],
    [
      { authenticate, brand: { colours: { text: '#000000' } } },
      'brand.colours.text is not an option, use one of accent',
    ],
    [{ authenticate, texts: { person: {} } }, 'texts.person must be a function'],
  ])('refuses %j: %s', (options, message) => {
    const create = () => createConsole(op.provider, options as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(`createConsole: ${message}`)
  })

  test('refuses a provider without deferrals', () => {
    const create = () => createConsole(new Host('https://op.example'), { authenticate })
    expect(create).toThrow(TypeError)
    expect(create).toThrow('createConsole: provider must have features.deferredTokenResponse enabled')
  })

  test('has the name, the logo, the colours and the words of the integrator', async () => {
    const desk = await startDesk({
      brand: {
        name: 'Harbour <Desk>',
        logo: safe`<svg viewBox="0 0 1 1"><title>Harbour</title></svg>`,
        colours: { accent: '#7a1f5c', accentDark: '#f2b6dd', header: '#ffffff' },
      },
      header: (_ctx, operator) => safe`<a href="/sign-out">Sign out ${operator.id}</a>`,
      panels: async () => [
        { title: 'Passport', html: safe`<img src="/evidence/1" alt="Passport">` },
        { title: 'Text & more', html: '<b>plain</b>' },
      ],
      texts: {
        person: async (account) => (account === 'alex' ? 'Alex Rivera' : undefined),
        scope: (scope) => (scope === 'openid' ? { label: 'Identity', detail: 'Verified by a person' } : undefined),
        kind: () => 'New account',
        reasons: () => ['The picture cannot be read'],
        step: () => 'Comparing the photo',
      },
    })
    const id = await desk.add()
    const html = await (await desk.get(`deferrals/${id}`)).text()
    const texts = [
      'Harbour &lt;Desk&gt;</title>',
      '<svg viewBox="0 0 1 1"><title>Harbour</title></svg>',
      '<a href="/sign-out">Sign out kim</a>',
      '<img src="/evidence/1" alt="Passport">',
      'Text &amp; more',
      '&lt;b&gt;plain&lt;/b&gt;',
      'Alex Rivera',
      'Verified by a person',
      '<h1>New account</h1>',
      '<option value="The picture cannot be read">',
      'value="Comparing the photo"',
    ]
    for (const text of texts) expect(html).toContain(text)
    const sheet = await (await desk.get(/href="\.\.\/(assets\/[^"]+css)"/.exec(html)?.[1] ?? '')).text()
    expect(sheet).toContain(':root{--accent:#7a1f5c;--accent-deep:#7a1f5c;--on-accent:#ffffff}')
    expect(sheet).toContain('@media (prefers-color-scheme:dark){:root{--accent:#f2b6dd;')
    expect(sheet).toContain('--header:#ffffff;--on-header:#000000')
    await desk.close()
  })

  test('links the sign-in for strangers', async () => {
    const desk = await startDesk({ signIn: '/staff/sign-in' })
    expect(await (await desk.get('', '')).text()).toContain('<a class="button" href="/staff/sign-in">Sign in</a>')
    await desk.close()
  })
})

describe('safe', () => {
  test('escapes everything but its own markup', () => {
    const list = [safe`<li>1</li>`, '<li>2</li>', 3, false, undefined, null] as const
    expect(String(safe`<ul title="${'"<>&\''}">${list}</ul>`)).toBe(
      '<ul title="&quot;&lt;&gt;&amp;&#39;"><li>1</li>&lt;li&gt;2&lt;/li&gt;3</ul>',
    )
  })

  test('takes nothing else for markup, whatever it looks like', () => {
    const forged = { toString: () => '<b>forged</b>' }
    expect(String(safe`${forged as never}`)).toBe('&lt;b&gt;forged&lt;/b&gt;')
  })
})
