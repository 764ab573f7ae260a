import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeChromium, describeBrowser, openBrowser } from '../example/chromium.js'
import { startDesk, type TestDesk } from './desk.js'

describeBrowser('a page that listens', () => {
  let desk: TestDesk

  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(async () => {
    await desk.close()
    await closeChromium()
  })

  async function visit(path = '') {
    const browser = await openBrowser({})
    await browser.page.context().addCookies([{ name: 'staff', value: 'kim', url: desk.url }])
    await browser.page.goto(desk.url + path)
    return browser
  }

  const row = (page: Page, title: string) => page.locator('tr', { hasText: title })
  const topOf = async (page: Page, title: string) => (await row(page, title).boundingBox())?.y
  const state = (page: Page) => page.locator('.live [role=status]')

  test('the queue shows what is new and what is gone, and moves nothing under the pointer or with the focus', async () => {
    const ids = [await desk.add({ title: 'row one' }), await desk.add({ title: 'row two' })]
    await desk.add({ title: 'row three' })
    const { page, ...browser } = await visit('?order=newest')
    await state(page)
      .filter({ hasText: /^Live$/ })
      .waitFor()

    await row(page, 'row two').hover()
    const top = await topOf(page, 'row two')
    await desk.add({ title: 'row four' })
    await state(page).filter({ hasText: '1 new' }).waitFor()
    await desk.op.provider.deferrals.deny(ids[0]!, { by: 'robin' })
    await page.locator('tr.gone', { hasText: 'row one' }).waitFor()
    expect(await topOf(page, 'row two')).toBe(top)
    expect(await row(page, 'row four').count()).toBe(0)

    await row(page, 'row two').locator('a').focus()
    await page.mouse.move(0, 0)
    await desk.op.provider.deferrals.assign(ids[1]!, { to: 'robin' })
    await row(page, 'row two').filter({ hasText: 'robin' }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe('row two')

    await page.locator('h1').click()
    await page.evaluate('document.activeElement.blur()')
    await row(page, 'row four').waitFor()
    expect(await row(page, 'row one').count()).toBe(0)
    await browser.close()
  })

  test('a pause is visible, and counts what is missed', async () => {
    const { page, ...browser } = await visit()
    await state(page)
      .filter({ hasText: /^Live$/ })
      .waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await desk.add({ title: 'while paused' })
    await state(page).filter({ hasText: 'Paused: 1 changed' }).waitFor()
    expect(await row(page, 'while paused').count()).toBe(0)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate(() => Reflect.get(globalThis, 'axe').run())
    expect(violations.map(({ id }: axe.Result) => id)).toEqual([])
    await page.getByRole('button', { name: 'Go on' }).click()
    await row(page, 'while paused').waitFor()
    await browser.close()
  })

  test('the page of a request says that it has changed', async () => {
    const id = await desk.add({ title: 'open here' })
    const { page, ...browser } = await visit(`deferrals/${id}`)
    // the stream is open when the page hears of another request
    await expect
      .poll(async () => {
        await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'wait' })
        return page.locator('.note.changed').count()
      })
      .toBe(1)
    await page.getByRole('link', { name: 'Look again' }).click()
    await page.locator('q', { hasText: 'wait' }).first().waitFor()
    expect(await page.locator('.note.changed').count()).toBe(0)
    await browser.close()
  })
})
