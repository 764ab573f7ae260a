import Koa from 'koa'
import mount from 'koa-mount'
import type { Provider } from 'oidc-provider'
import { createConsole } from 'oidc-provider-deferred/console'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { afterAll, expect, test } from 'vitest'
import { closeChromium, describeBrowser, openBrowser } from '../example/chromium.js'
import { withProvider } from '../support/provider.js'
import { authenticate, startDesk } from './desk.js'

test.each([
  ['an answer to the client', { code: 'x', state: 'x', iss: 'https://op.example' }],
  ['an error', { error: 'login_required', iss: 'https://op.example' }],
  ['a JARM', { response: 'x' }],
])(
  'a form of the provider for a client does nothing at the console: %s',
  async (_, { ...answer }: Record<string, string>) => {
    const desk = await startDesk()
    const id = await desk.add()
    for (const verb of ['assign', 'unassign', 'unvote', 'resume', 'replay', 'approve']) {
      const { status } = await desk.post(`deferrals/${id}/${verb}`, answer)
      expect([verb, status]).toEqual([verb, 403])
    }
    expect((await desk.post(`notifications/${id}/replay`, answer)).status).toBe(403)
    expect((await desk.post('batch', answer)).status).toBe(403)
    expect((await desk.op.provider.deferrals.get(id))?.assignee).toBeUndefined()
    await desk.close()
  },
)

function withDesk(provider: Provider) {
  const app = new Koa()
  app.use(mount('/desk', createConsole(provider, { authenticate })))
  app.use(mount('/', provider))
  return app.callback()
}

describeBrowser('on the origin of the provider, in a browser', () => {
  afterAll(closeChromium)

  test('a client with an address of the console as redirect URI makes no operator act there', async () => {
    const configuration = { features: { registration: { enabled: true } } }
    await withProvider({ configuration, mounted: { path: '', by: withDesk } }, async ({ origin, provider }) => {
      const { id } = await createDeferral(provider, { clientId: 'secret', accountId: 'alex' })
      const redirect_uri = `${origin}/desk/deferrals/${id}/assign`
      const client = { application_type: 'native', redirect_uris: [redirect_uri], response_types: ['code'] }
      const headers = { 'content-type': 'application/json' }
      const registered = await fetch(`${origin}/reg`, { method: 'POST', headers, body: JSON.stringify(client) })
      const { client_id } = (await registered.json()) as { client_id: string }
      const { page, close } = await openBrowser()
      await page.context().addCookies([{ name: 'staff', value: 'kim', url: origin }])
      const answered = page.waitForResponse(redirect_uri)
      const form = { response_type: 'code', response_mode: 'form_post', prompt: 'none', scope: 'openid' }
      await page.goto(`${origin}/auth?${new URLSearchParams({ client_id, redirect_uri, ...form })}`)
      const answer = await answered
      // the browser says rightly that a page of this origin sent it
      expect((await answer.request().allHeaders())['sec-fetch-site']).toBe('same-origin')
      expect(answer.status()).toBe(403)
      expect((await provider.deferrals.get(id))?.assignee).toBeUndefined()
      await close()
    })
  })
})
