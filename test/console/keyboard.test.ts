import { expect, test } from 'vitest'
import { describeBrowser, picture } from '../example/chromium.js'
import type { TestDesk } from './desk.js'
import { useBrowserDesk, violations } from './use_browser_desk.js'

describeBrowser('a review in a browser', () => {
  let desk: TestDesk
  const { ids, visit } = useBrowserDesk((started) => {
    desk = started
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
    // the text shows before the script for the keys has run
    await page.waitForLoadState()
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
})
