import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import mount from 'koa-mount'
import { Provider as Host, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { registerDeferrableGrant } from 'oidc-provider-deferred'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { assertionGrant } from './custom_grants.js'

const customClients = clients.map((client) => ({
  ...client,
  grant_types: [...(client.grant_types ?? []), assertionGrant],
}))
let outer: TestProvider
let inner: TestProvider
/** what the grant does, in the middle of a request to the outer provider */
let issue: (ctx: KoaContextWithOIDC) => Promise<object>

beforeAll(async () => {
  inner = await startProvider()
  const by = (provider: Provider) => provider.use(mount('/inner', new Host(inner.issuer) as never)).callback()
  outer = await startProvider({ configuration: { clients: customClients }, mounted: { path: '', by } })
  const validate = () => ({ accountId: 'alice' })
  registerDeferrableGrant(outer.provider, assertionGrant, {
    validate,
    issue: async (ctx) => {
      ctx.body = await issue(ctx)
    },
  })
})
afterAll(() => Promise.all([outer.close(), inner.close()]))

async function saved(provider: Provider) {
  const client = await provider.Client.find('secret')
  const token = new provider.AccessToken({ client, accountId: 'alice', scope: 'email' } as never)
  await token.save()
  return token.jkt
}

function isFirst({ ReplayDetection }: Provider, iss: string, jti: string): Promise<boolean> {
  return (ReplayDetection as never as Record<'unique', (...args: unknown[]) => Promise<boolean>>).unique(
    iss,
    jti,
    Math.floor(Date.now() / 1000) + 60,
  )
}

const send = async (clientId = 'secret', key = undefined as Awaited<ReturnType<typeof dpopKey>> | undefined) =>
  relyingParty(outer.issuer, clientId, key).token({ grant_type: assertionGrant })

test('tokens that another provider saves during a request are not bound to the key of that request', async () => {
  const key = await dpopKey()
  issue = async () => ({ outer: await saved(outer.provider), inner: await saved(inner.provider) })
  expect((await send('secret', key)).body).toEqual({ outer: key.jkt })
})

test('a DPoP proof that was accepted is a first use at another provider, and there only once', async () => {
  issue = async (ctx) => {
    const jti = decodeJwt(ctx.get('DPoP')).jti as string
    const check = () => isFirst(inner.provider, 'secret', jti)
    return [await check(), await check()]
  }
  expect((await send('secret', await dpopKey())).body).toEqual([true, false])
})

test('whatever else is checked for replay is a first use once in a request, the client assertion included', async () => {
  issue = async (ctx) => {
    const { jti } = decodeJwt(String(ctx.oidc.params?.client_assertion))
    const token = randomUUID()
    const uses = [jti as string, token, token]
    const answers: boolean[] = []
    for (const use of uses) answers.push(await isFirst(outer.provider, 'assertion', use))
    return answers
  }
  expect((await send('assertion')).body).toEqual([false, true, false])
})

test('a provider that is mounted in another publishes its own metadata', async () => {
  const response = await fetch(`${outer.issuer}/inner/.well-known/openid-configuration`)
  const metadata = (await response.json()) as Record<string, unknown>
  expect(metadata).toHaveProperty('token_endpoint')
  expect(Object.keys(metadata).filter((name) => name.startsWith('defer'))).toEqual([])
})
