import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeChromium, describeBrowser, openBrowser, picture } from '../example/chromium.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { staff, startDesk, type TestDesk } from './desk.js'

const payment = { type: 'payment', instructedAmount: { amount: '4200.00', currency: 'EUR' }, creditorName: 'Northwind' }

describeBrowser('the console in a browser', () => {
  let desk: TestDesk
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    desk = await startDesk(
      {
        operators: () => staff,
        panels: ({ context }) => (context?.check ? [{ title: 'Check', html: String(context.check) }] : []),
        texts: { reasons: () => ['The picture cannot be read'] },
      },
      { configuration: { features: { richAuthorizationRequests: richAuthorizationRequests(() => {}) } } },
    )
    const { deferrals } = desk.op.provider
    const request = { scope: ['openid', 'email', 'payments'], context: { check: 'Identity' }, expiresIn: 80_000 }
    for (const name of ['approved', 'denied', 'cancelled']) ids[name] = await desk.add({ ...request, title: name })
    await deferrals.approve(ids.approved!, { by: 'robin', note: 'fine' })
    await deferrals.deny(ids.denied!, { by: 'robin', description: 'no', note: 'odd' })
    await deferrals.cancel(ids.cancelled!, { by: 'robin' })
    ids.votes = await desk.add({ ...request, title: 'votes', quorum: 2, dueIn: 70_000 })
    await deferrals.approve(ids.votes, { by: 'robin', note: 'fine' })
    ids.asked = await desk.add({ ...request, title: 'asked', dueIn: 71_000 })
    await deferrals.requireInteraction(ids.asked, { uri: 'https://op.example/confirm', by: 'robin' })
    ids.own = await desk.add({ ...request, accountId: 'kim', title: 'own', dueIn: 72_000 })
    await deferrals.assign(ids.own, { to: 'robin', by: 'robin' })
    await deferrals.comment(ids.own, { by: 'robin', text: 'One line.\nAnother.' })
    ids.first = await desk.add({ title: 'the first one', dueIn: 60, authorizationDetails: [payment] })
    ids.second = await desk.add({ title: 'the second one', dueIn: 3000, queue: 'payments' })
    ids.third = await desk.add({ ...request, dueIn: 20_000 })
    desk.op.clock.advance(120)
  })
  afterAll(async () => {
    await desk.close()
    await closeChromium()
  })

  type Options = Parameters<typeof openBrowser>[0]

  /** A browser of an operator. */
  async function visit(path = '', { who = 'kim', ...options }: Options & { who?: string } = {}) {
    const browser = await openBrowser(options)
    if (who) await browser.page.context().addCookies([{ name: 'staff', value: who, url: desk.url }])
    await browser.page.goto(desk.url + path)
    return browser
  }

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axe.source)
    const results = await page.evaluate(() => Reflect.get(globalThis, 'axe').run())
    return results.violations.map(({ id, nodes }: axe.Result) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }

  const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth')

  const pages: Record<string, () => string> = {
    queue: () => '',
    'narrowed queue': () => '?queue=payments&client=secret&age=hour&text=x',
    'empty queue': () => '?status=redeemed',
    'all requests': () => '?status=all',
    overview: () => 'overview',
    notifications: () => 'notifications',
    batch: () => 'batch',
    request: () => `deferrals/${ids.first}`,
    'request with votes': () => `deferrals/${ids.votes}`,
    'request that waits for the person': () => `deferrals/${ids.asked}`,
    'request that one may not decide': () => `deferrals/${ids.own}`,
    'approved request': () => `deferrals/${ids.approved}`,
    'refused request': () => `deferrals/${ids.denied}`,
    'cancelled request': () => `deferrals/${ids.cancelled}`,
    'page that is not there': () => 'deferrals/unknown',
  }
  const looks: [string, Options][] = [
    ['light', {}],
    ['dark', { colorScheme: 'dark' }],
    ['narrow', { viewport: { width: 320, height: 640 } }],
  ]

  test.each(Object.keys(pages).flatMap((name) => looks.map(([look, options]) => [name, look, options] as const)))(
    '%s, %s: axe finds nothing, and nothing runs over the side',
    async (name, look, options) => {
      const { page, close } = await visit(pages[name]!(), options)
      await page.evaluate('for (const fold of document.querySelectorAll("details")) fold.open = true')
      await picture(page, `console ${name} ${look}`)
      expect(await violations(page)).toEqual([])
      expect(await overflow(page)).toBe(0)
      await close()
    },
  )

  test('the page for strangers', async () => {
    const { page, close } = await visit('', { who: '' })
    expect(await violations(page)).toEqual([])
    await close()
  })

  test('a whole review with the keyboard alone', async () => {
    const { page, complaints, close } = await visit()
    const { keyboard } = page
    await keyboard.press('j')
    await keyboard.press('Enter')
    await page.waitForURL(`**/deferrals/${ids.first}`)
    // Enter in a field decides nothing
    await keyboard.press('r')
    await keyboard.type('typed by mistake')
    await keyboard.press('Enter')
    // the first one closes the list of frequent reasons
    await keyboard.press('Escape')
    await keyboard.press('Escape')
    expect(await page.title()).toContain('the first one')
    await keyboard.press('a')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    expect(await violations(page)).toEqual([])
    await picture(page, 'console dialog')
    await keyboard.press('Escape')
    expect(await dialog.isVisible()).toBe(false)
    expect((await desk.op.provider.deferrals.get(ids.first!))?.status).toBe('pending')
    await keyboard.press('a')
    await dialog.waitFor()
    await keyboard.press('Enter')
    await page.getByText('You approved this request.').waitFor()
    expect(await violations(page)).toEqual([])
    // the way on has the focus
    await keyboard.press('Enter')
    await page.waitForURL(`**/deferrals/${ids.second}`)
    await keyboard.press('r')
    await keyboard.type('No, thank you')
    await keyboard.press('Tab')
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    await page.getByText('You refused this request.').waitFor()
    await keyboard.press('n')
    await page.waitForURL(`**/deferrals/${ids.third}`)
    await keyboard.press('u')
    await page.getByRole('heading', { name: 'Requests' }).waitFor()
    expect(complaints).toEqual([])
    await close()
    const { decision } = (await desk.op.provider.deferrals.get(ids.second!))!
    expect(decision).toMatchObject({ by: 'kim', description: 'No, thank you' })
  })

  test('keys can be turned off, and stay so', async () => {
    const { page, close } = await visit()
    await page.getByRole('button', { name: 'Turn keys off' }).click()
    await page.reload()
    await page.keyboard.press('j')
    expect(await page.evaluate('document.activeElement.tagName')).toBe('BODY')
    await page.getByRole('button', { name: 'Turn keys on' }).click()
    await page.keyboard.press('j')
    expect(await page.evaluate('document.activeElement.className')).toBe('row')
    await close()
  })

  test('the focus is visible everywhere, and skips to the content', async () => {
    const { page, close } = await visit(`deferrals/${ids.third}`)
    const unseen: string[] = []
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.className')).toBe('skip')
    for (let count = 0; count < 25; count++) {
      await page.keyboard.press('Tab')
      const style = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      // after the last element comes the browser itself
      const isOver = await page.evaluate('document.activeElement === document.body')
      if (style === 'none' && !isOver) unseen.push(await page.evaluate('document.activeElement.outerHTML'))
    }
    expect(unseen).toEqual([])
    await close()
  })

  test('the dialog names what was left out, and approves less', async () => {
    const id = await desk.add({ scope: ['openid', 'email', 'payments'] })
    const { page, close } = await visit(`deferrals/${id}`)
    await page.getByRole('checkbox', { name: 'payments' }).uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Left out: payments.').waitFor()
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('You approved this request.').waitFor()
    expect((await desk.op.provider.deferrals.get(id))?.decision).toMatchObject({ scope: ['openid', 'email'] })
    await close()
  })

  test('everything works without JavaScript', async () => {
    const id = await desk.add({ scope: ['openid', 'email'], title: 'without a script' })
    const { page, close } = await visit('', { javaScriptEnabled: false })
    await page.getByRole('link', { name: 'without a script' }).click()
    await page.getByLabel('Comment').fill('by hand')
    await page.getByRole('button', { name: 'Add the comment' }).click()
    await page.getByText('Your comment is in the history.').waitFor()
    // Enter in a field decides nothing here either
    await page.getByLabel('Reason').fill('a reason')
    await page.getByLabel('Reason').press('Enter')
    await page.getByRole('checkbox', { name: 'email' }).press('Enter')
    expect((await desk.op.provider.deferrals.get(id))?.status).toBe('pending')
    await page.getByRole('checkbox', { name: 'email' }).uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('heading', { name: 'Approve this request?' }).waitFor()
    await picture(page, 'console confirmation page')
    await page.getByText('It gets less than it asked for, only this:').waitFor()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('You approved this request.').waitFor()
    expect((await desk.op.provider.deferrals.get(id))?.decision).toMatchObject({ scope: ['openid'] })
    await page.getByRole('button', { name: 'Take the approval back' }).click()
    await page.getByRole('heading', { name: 'Take the approval back?' }).waitFor()
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('You took the approval back.').waitFor()
    await close()
  })

  test('a page that moved says what changed, and a conflict who was faster', async () => {
    const id = await desk.add({ title: 'moving' })
    const { page, close } = await visit(`deferrals/${id}`)
    await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'wait for me' })
    await page.getByLabel('Reason').fill('no')
    await page.getByRole('button', { name: 'Refuse' }).click()
    const alert = page.getByRole('alert')
    await alert.getByText('this request changed while you looked at it').waitFor()
    expect(await alert.textContent()).toContain('wait for me')
    expect(await violations(page)).toEqual([])
    await picture(page, 'console moved')
    await desk.op.provider.deferrals.approve(id, { by: 'robin' })
    await page.getByLabel('Reason').fill('no')
    await page.getByRole('button', { name: 'Refuse' }).click()
    await page.getByRole('alert').getByText('Robin Vale approved this request at').waitFor()
    expect(await violations(page)).toEqual([])
    await picture(page, 'console conflict')
    await close()
  })

  test('with 200 requests the next one due is on the first screen', async () => {
    for (let count = 0; count < 200; count++) await desk.add({ title: `request ${count}`, dueIn: 10_000 + count * 60 })
    const urgent = await desk.add({ title: 'the urgent one', dueIn: 5 })
    const { page, close } = await visit()
    const box = await page.locator(`a[href*="${urgent}"]`).boundingBox()
    expect(box!.y + box!.height).toBeLessThan(820)
    await picture(page, 'console 200 requests')
    await close()
  })

  test('a request prints without its forms', async () => {
    const { page, close } = await visit(`deferrals/${ids.third}`)
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('button', { name: 'Approve' }).isVisible()).toBe(false)
    expect(await page.getByRole('heading', { name: 'What is asked' }).isVisible()).toBe(true)
    await close()
  })
})
