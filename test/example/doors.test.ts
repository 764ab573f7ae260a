import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../example-app/headless/browser.js'
import { createCustomer, createReviewer } from '../../example-app/headless/people.js'
import { type Bank, startBank } from '../../example-app/start.js'
import { csrfOf } from './payments.js'

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
    for (const path of ['/', '/requests/', `/requests/deferrals/${deferral?.id}`, `/evidence/${reference}`]) {
      const response = await fetch(`${bank.origins.desk}${path}`, { redirect: 'manual' })
      expect([response.status, response.headers.get('Location')]).toEqual([303, '/sign-in'])
    }
  })

  test('programs are not let in either', async () => {
    const { status } = await fetch(`${bank.origins.desk}/requests/api/deferrals`, { redirect: 'manual' })
    expect(status).toBe(401)
  })

  test('decides nothing for a form of another site, not even for a reviewer, and signs nobody out', async () => {
    const [deferral] = await pending()
    let cookie = ''
    const browser = createBrowser((input, init) => {
      cookie = new Headers(init?.headers).get('Cookie') ?? ''
      return fetch(input, init)
    })
    const door = await browser.open(bank.origins.desk)
    const queue = await browser.submit(door, '/sign-in', { reviewer: 'robin', password: 'harbour' })
    const paths = [
      `/requests/deferrals/${deferral?.id}/approve`,
      `/requests/deferrals/${deferral?.id}/replay`,
      '/sign-out',
    ]
    for (const path of paths) {
      const headers = { Cookie: cookie, 'Sec-Fetch-Site': 'same-site' }
      const body = new URLSearchParams({ _csrf: 'wrong', confirmed: 'yes' })
      const response = await fetch(bank.origins.desk + path, { method: 'POST', body, headers })
      expect([path, response.status]).toEqual([path, 403])
    }
    const signedIn = await fetch(`${bank.origins.desk}/requests/`, { headers: { Cookie: cookie }, redirect: 'manual' })
    expect([signedIn.status, queue.text.includes('Robin Hale')]).toEqual([200, true])
    expect((await browser.submit(queue, '/sign-out')).text).toContain('Reviewers sign in here')
    expect((await pending()).map(({ id }) => id)).toEqual([deferral?.id])
  })

  test('believes no session that it did not sign', async () => {
    const session = Buffer.from(JSON.stringify({ id: 'x', user: 'robin', _expire: 1e15, _maxAge: 1e15 })).toString(
      'base64',
    )
    for (const signature of ['', '; harbour_desk.sig=AAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
      const headers = { Cookie: `harbour_desk=${session}${signature}` }
      const response = await fetch(bank.origins.desk, { headers, redirect: 'manual' })
      expect([response.status, response.headers.get('Location')]).toEqual([303, '/sign-in'])
    }
  })

  test('keeps no picture that is too large, and reads no form that is broken', async () => {
    let cookie = ''
    const browser = createBrowser((input, init) => {
      cookie = new Headers(init?.headers).get('Cookie') ?? ''
      return fetch(input, init)
    })
    const signIn = await browser.submit(await browser.open(bank.origins.relyingParty), '/account')
    const page = await browser.submit(signIn, '/sign-in', { account: 'alex', password: 'anything' })
    const send = (body: string | FormData, type = {}) =>
      fetch(`${page.url}/evidence`, { method: 'POST', body, headers: { Cookie: cookie, ...type } })
    const pictureOf = (megabytes: number) => {
      const form = new FormData()
      form.set('_csrf', csrfOf(page))
      form.set('kind', 'passport')
      form.set(
        'picture',
        new Blob([Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.alloc(megabytes * 1024 * 1024)])]),
      )
      return form
    }
    const larger = await send(pictureOf(4.5))
    expect([larger.status, await larger.text()]).toEqual([
      200,
      expect.stringContaining('That picture is larger than 4 MB.'),
    ])
    const tooLarge = await send(pictureOf(6))
    expect([tooLarge.status, await tooLarge.text()]).toEqual([413, expect.stringContaining('at most 4 MB')])
    const broken = await send('--x', { 'Content-Type': 'multipart/form-data; boundary=x' })
    expect(broken.status).toBe(400)
  })

  test('lets no reviewer in with another password', async () => {
    await expect(createReviewer(bank, { ...recorder, fetchAs: () => wrongPassword })).rejects.toThrow(
      'should say "Requests"',
    )
  })

  test('never shows a handle to a reviewer', async () => {
    for (let count = 1; count < 4; count += 1) await createCustomer(bank, recorder, 'mina').ask()
    const browser = createBrowser(fetch)
    const door = await browser.open(bank.origins.desk)
    const queue = await browser.submit(door, '/sign-in', { reviewer: 'kim', password: 'harbour' })
    const ids = (await pending()).map(({ id }) => id)
    const paths = ['notifications?status=all', 'api/deferrals', ...ids.map((id) => `deferrals/${id}`)]
    const pages = await Promise.all(paths.map((path) => browser.open(`${bank.origins.desk}/requests/${path}`)))
    expect(recorder.handles.size).toBe(8)
    for (const { status, text } of [queue, ...pages]) {
      expect(status).toBe(200)
      for (const handle of recorder.handles) expect(text).not.toContain(handle.slice(22))
    }
  })

  test('takes no answer that the provider did not give to this browser', async () => {
    const browser = createBrowser(fetch)
    const forged = `${bank.origins.relyingParty}/callback?state=x&deferred_code=y&iss=${bank.provider.issuer}`
    expect((await browser.open(forged)).status).toBe(400)
  })

  test.each(['provider', 'relyingParty', 'desk'] as const)('runs no script that is not its own: %s', async (site) => {
    for (const path of ['/', '/nowhere', '/sign-in']) {
      const { headers } = await fetch(bank.origins[site] + path)
      const policy = headers.get('Content-Security-Policy')
      expect(policy).toMatch(/default-src 'none';script-src 'self';style-src 'self'/)
      expect(policy).not.toMatch(/unsafe/)
    }
  })
})

const wrongPassword: typeof fetch = (input, init) => {
  if (init?.body instanceof URLSearchParams && init.body.has('password')) init.body.set('password', 'guess')
  return fetch(input, init)
}
