import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { closeChromium, openBrowser } from '../example/chromium.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { staff, startDesk, type TestDesk } from './desk.js'

const payment = { type: 'payment', instructedAmount: { amount: '4200.00', currency: 'EUR' }, creditorName: 'Northwind' }

export type Options = Parameters<typeof openBrowser>[0]

/** A console with a request of each state, for a group of tests in a browser; `meet` is called when it has started. */
export function useBrowserDesk(meet: (desk: TestDesk) => void) {
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
    meet(desk)
  })
  afterAll(async () => {
    await desk.close()
    await closeChromium()
  })

  /** A browser of an operator. */
  async function visit(path = '', { who = 'kim', ...options }: Options & { who?: string } = {}) {
    const browser = await openBrowser(options)
    if (who) await browser.page.context().addCookies([{ name: 'staff', value: who, url: desk.url }])
    await browser.page.goto(desk.url + path)
    return browser
  }

  return { ids, visit }
}

/** What axe finds. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const results = await page.evaluate(() => Reflect.get(globalThis, 'axe').run())
  return results.violations.map(({ id, nodes }: axe.Result) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** Pixels that the page runs over the side. */
export const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth')
