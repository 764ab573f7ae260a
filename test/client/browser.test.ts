import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { closeChromium, describeBrowser, openBrowser } from '../example/chromium.js'
import { deferrals } from '../support/authorization.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { serving } from '../support/serve.js'
import { bundle } from './bundle.js'
import { named } from './relying_parties.js'

afterAll(closeChromium)

/** Serves the page of the client at an origin of its own, for a provider that knows it. */
async function withPage(use: (origin: string, op: TestProvider) => Promise<void>): Promise<void> {
  const { files, entry } = await bundle('test/client/page.js')
  let op: TestProvider
  const page: RequestListener = ({ url = '' }, response) => {
    const script = files.get(url.slice(1))
    if (script) return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    const html = `<!doctype html><html data-issuer="${op.issuer}"><script type="module" src="/${entry}"></script></html>`
    response.writeHead(200, { 'content-type': 'text/html' }).end(url === '/favicon.ico' ? '' : html)
  }
  await serving(page, async (origin) => {
    op = await startProvider({
      configuration: {
        clients: [named('spa', { token_endpoint_auth_method: 'none', redirect_uris: [`${origin}/cb`] })],
        clientBasedCORS: (_ctx, from) => from === origin,
        features: { dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } },
      },
      deferred: { defer: () => true, now: undefined as never, interval: 1 },
    })
    try {
      await use(origin, op)
    } finally {
      await op.close()
    }
  })
}

describeBrowser('a public client in a browser, on another origin', () => {
  test.each(['openid', 'oauth'])('%s profile, DPoP with nonces, reloaded in the middle', async (profile) => {
    await withPage(async (origin, op) => {
      const { page, complaints, close } = await openBrowser()
      const hasTitle = (title: string) => page.waitForFunction(`document.title.startsWith(${JSON.stringify(title)})`)
      await page.goto(`${origin}/?profile=${profile}`)
      await hasTitle('pending, load 1')
      await page.reload()
      await hasTitle('pending, load 2')
      const [deferral] = await deferrals(op)
      expect(deferral).toMatchObject({ profile, clientId: 'spa' })
      await op.provider.deferrals.approve(deferral!.id)
      await hasTitle('dpop: alice')
      // each pending answer is a 400, which browsers write on the console
      expect(complaints.filter((text) => !/status of 400/.test(text))).toEqual([])
      await close()
    })
  })
})
