import { expect, test } from 'vitest'
import { describeBrowser, picture } from '../example/chromium.js'
import type { TestDesk } from './desk.js'
import { type Options, overflow, useBrowserDesk, violations } from './use_browser_desk.js'

describeBrowser('the console in a browser', () => {
  let desk: TestDesk
  const { ids, visit } = useBrowserDesk((started) => {
    desk = started
  })

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
