import type { AccessToken } from 'oidc-provider'
import { type Approval, registerDeferrableGrant } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { held, pollDeferral } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../../support/resource_servers.js'

const name = 'urn:example:grant-type:careless'
const payment = (amount: number) => ({ type: 'payment', amount })

let op: TestProvider
/** what the grant makes a token of, whatever it is given to issue from; restored to that by `undefined` */
let careless: { scope?: string; resource?: string; rar?: object[] } | undefined
const adapter = memoryAdapter()
let saved: string[] = []

beforeAll(async () => {
  op = await startProvider({
    configuration: {
      adapter,
      clients: clients.map((client) => ({ ...client, grant_types: [...(client.grant_types ?? []), name] })),
    },
    deferred: { defer: () => true },
  })
  registerDeferrableGrant(op.provider, name, {
    validate: () => ({
      scope: 'email payments',
      resource: [jwtApi, opaqueApi],
      rar: [payment(1), payment(1000)],
      accountId: 'alice',
    }),
    async issue(ctx, source) {
      const { scope, resource, rar } = { ...source, resource: opaqueApi, ...careless } as never as Record<
        string,
        string
      >
      const { AccessToken, ResourceServer } = op.provider as never as Models
      const token = new AccessToken({ accountId: 'alice', client: ctx.oidc.client, gty: name, scope, rar })
      token.resourceServer = new ResourceServer(
        resource,
        resourceServers.getResourceServerInfo(undefined, resource as string),
      )
      const value = await token.save()
      saved.push(value)
      ctx.body = { access_token: value, token_type: 'Bearer', scope: token.scope }
    },
  })
})
afterAll(() => op.close())

interface Models {
  AccessToken: new (about: object) => AccessToken
  ResourceServer: new (identifier: string | undefined, info: object) => never
}

describe('E-32 a grant that ignores what a reviewer narrowed is a server_error, and the approval is not lost', () => {
  test.each<[string, Approval, NonNullable<typeof careless>]>([
    ['scope', { scope: ['email'] }, { scope: 'email payments' }],
    ['authorization_details', { authorizationDetails: [payment(1)] }, { rar: [payment(1), payment(1000)] }],
    ['resource', { resource: [opaqueApi] }, { resource: jwtApi }],
  ])('%s', async (_member, approval, mistake) => {
    const rp = relyingParty(op.issuer)
    const { deferralCode, id } = await held(op, rp, 'client_credentials', { params: { grant_type: name } })
    await op.provider.deferrals.approve(id, approval)
    saved = []
    careless = mistake
    expect(await pollDeferral(rp, deferralCode)).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(saved).toEqual([])
    expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'approved' })
    careless = undefined
    expect((await pollDeferral(rp, deferralCode)).status).toBe(200)
  })
})
