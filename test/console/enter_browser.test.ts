import { afterAll, expect, test } from 'vitest'
import { closeChromium, describeBrowser, openBrowser } from '../example/chromium.js'
import { startDesk } from './desk.js'

describeBrowser('the batch in a browser', () => {
  afterAll(closeChromium)

  test('Enter in a checkbox of the batch refuses nothing, also with a reason', async () => {
    const desk = await startDesk()
    const id = await desk.add({ title: 'the one' })
    const { page, close } = await openBrowser()
    await page.context().addCookies([{ name: 'staff', value: 'kim', url: desk.url }])
    await page.goto(`${desk.url}batch`)
    await page.getByLabel('Reason of a refusal').fill('no')
    await page.getByRole('checkbox', { name: 'the one' }).check()
    await page.getByRole('checkbox', { name: 'the one' }).press('Enter')
    await page.getByRole('checkbox', { name: 'I have looked' }).press('Enter')
    // a form that had been sent would have led to its results by now
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.waitForURL('**/overview')
    expect((await desk.op.provider.deferrals.get(id))?.status).toBe('pending')
    await close()
    await desk.close()
  })
})
