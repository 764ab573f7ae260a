import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../example-app/headless/browser.js'
import { createCustomer, createReviewer } from '../../example-app/headless/people.js'
import { type Bank, startBank } from '../../example-app/start.js'

/** Passes everything on and remembers every handle that went by. */
function listener() {
  const handles = new Set<string>()
  const fetchAs = (): typeof fetch => async (input, init) => {
    const response = await fetch(input, init)
    const text = `${await response.clone().text()} ${response.headers.get('Location')}`
    for (const [, handle] of text.matchAll(/deferred_(?:code|auth_id)"?[=:]"?([\w-]{65})/g)) handles.add(handle!)
    return response
  }
  return { handles, fetchAs, take: () => [] }
}

describe('what the bank lets nobody do', () => {
  const recorder = listener()
  let bank: Bank

  beforeAll(async () => {
    bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], deferral: { interval: 60 }, fetch: recorder.fetchAs() })
  })
  afterAll(() => bank.stop())

  const pending = async () => (await bank.provider.deferrals.list({ status: 'pending' })).deferrals

  test('shows the desk and the documents to reviewers only', async () => {
    await createCustomer(bank, recorder, 'alex').ask()
    const [deferral] = await pending()
    const reference = /"reference":"([^"]+)"/.exec(JSON.stringify(deferral?.context))?.[1]
    for (const path of ['/', '/notifications', `/deferrals/${deferral?.id}`, `/evidence/${reference}`]) {
      const response = await fetch(`${bank.origins.desk}${path}`, { redirect: 'manual' })
      expect([response.status, response.headers.get('Location')]).toEqual([303, '/sign-in'])
    }
  })

  test('decides nothing without the CSRF token, not even for a reviewer', async () => {
    const [deferral] = await pending()
    let cookie = ''
    const browser = createBrowser((input, init) => {
      cookie = new Headers(init?.headers).get('Cookie') ?? ''
      return fetch(input, init)
    })
    const door = await browser.open(bank.origins.desk)
    await browser.submit(door, '/sign-in', { reviewer: 'robin', password: 'harbour' })
    for (const action of ['approve', 'replay']) {
      const url = `${bank.origins.desk}/deferrals/${deferral?.id}/${action}`
      for (const headers of [{}, { Cookie: cookie }]) {
        const response = await fetch(url, { method: 'POST', body: new URLSearchParams({ csrf: 'wrong' }), headers })
        expect(response.status).toBe(403)
      }
    }
    expect(cookie).toMatch(/\.robin/)
    expect((await pending()).map(({ id }) => id)).toEqual([deferral?.id])
  })

  test('lets no reviewer in with another password', async () => {
    await expect(createReviewer(bank, { ...recorder, fetchAs: () => wrongPassword })).rejects.toThrow(
      'should say "Requests"',
    )
  })

  test('turns pages of the queue, oldest last, and never shows a handle', async () => {
    for (let count = 1; count < 12; count += 1) await createCustomer(bank, recorder, 'mina').ask()
    const browser = createBrowser(fetch)
    const door = await browser.open(bank.origins.desk)
    const first = await browser.submit(door, '/sign-in', { reviewer: 'kim', password: 'harbour' })
    const older = /href="(\/\?[^"]*cursor=[^"]+)"/.exec(first.text)?.[1]?.replaceAll('&amp;', '&')
    const second = await browser.open(`${bank.origins.desk}${older}`)
    const links = [first, second].map(({ text }) => [...text.matchAll(/\/deferrals\/([\w-]+)/g)].map(([, id]) => id!))
    expect(links.map(({ length }) => length)).toEqual([10, 2])
    expect(second.text).toMatch(/Alex Rivera/)
    expect(second.text).not.toMatch(/>Older</)

    const told = await browser.open(`${bank.origins.desk}/notifications?status=waiting`)
    expect(told.text.match(/Not decided yet<\/span>/g)).toHaveLength(10)
    const pages = await Promise.all(links.flat().map((id) => browser.open(`${bank.origins.desk}/deferrals/${id}`)))
    expect(recorder.handles.size).toBe(24)
    const everything = [first, second, told, ...pages].map(({ text }) => text).join()
    for (const handle of recorder.handles) expect(everything).not.toContain(handle.slice(22))
  })

  test('takes no answer that the provider did not give to this browser', async () => {
    const browser = createBrowser(fetch)
    const forged = `${bank.origins.relyingParty}/callback?state=x&deferred_code=y&iss=${bank.provider.issuer}`
    expect((await browser.open(forged)).status).toBe(400)
  })

  test.each(['provider', 'relyingParty', 'desk'] as const)('runs no script that is not its own: %s', async (site) => {
    for (const path of ['/', '/nowhere', '/notifications']) {
      const { headers } = await fetch(bank.origins[site] + path)
      const policy = headers.get('Content-Security-Policy')
      expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/)
      expect(policy).not.toMatch(/unsafe/)
    }
  })
})

const wrongPassword: typeof fetch = (input, init) => {
  if (init?.body instanceof URLSearchParams && init.body.has('password')) init.body.set('password', 'guess')
  return fetch(input, init)
}
