import { discoverBank, requestPayment } from '../../example-app/agent/bank.js'
import { createKey, dpopHandle } from '../../example-app/agent/dpop_key.js'
import { createBrowser, type Shown } from '../../example-app/headless/browser.js'
import type { Bank } from '../../example-app/start.js'

const payment = { customer: 'mina', creditor: 'Northwind Energy', sum: 4200_00 }

/** An agent has asked for 4,200 euro of Mina's and waits; resolves to what reviewers call the request. */
export async function paymentAsked({ provider }: Bank): Promise<string> {
  const created: string[] = []
  provider.once('deferral.created', ({ id }) => created.push(id))
  const agent = await discoverBank({ issuer: provider.issuer, fetch })
  await requestPayment(agent, payment, await dpopHandle(agent, await createKey()))
  const [id] = created
  if (!id) throw new Error('nothing waits')
  return id
}

/** Both people approve, as a payment of that size needs. */
export async function approvedByTwo({ provider }: Bank, id: string): Promise<void> {
  await provider.deferrals.approve(id, { by: 'robin' })
  await provider.deferrals.approve(id, { by: 'kim' })
}

/** Somebody who follows a link and signs in there, with the cookie their browser has then. */
export async function visitorAt(uri: string, account: string, send: typeof fetch) {
  let cookie = ''
  const browser = createBrowser((input, init) => {
    cookie = new Headers(init?.headers).get('Cookie') ?? cookie
    return send(input, init)
  })
  const door = await browser.open(uri)
  await browser.submit(door, '/sign-in', { account, password: 'anything' })
  // Opened again: the first page after the sign-in comes with a new cookie, which no request has carried yet.
  const page = await browser.open(uri)
  return { browser, page, cookie: () => cookie }
}

/** The CSRF token of a page. */
export function csrfOf({ text }: Shown): string {
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}
