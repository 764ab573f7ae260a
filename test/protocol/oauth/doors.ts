import { Provider as Host } from 'oidc-provider'
import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { clients, oauthGrantType } from '../../support/clients.js'
import { authorizationCode, redeem } from '../../support/deferral.js'
import type { TestOptions, TestProvider } from '../../support/provider.js'
import type { Answer, RelyingParty } from '../../support/relying_party.js'
import { userAgent } from '../../support/user_agent.js'
import { assertionGrant, sendCustom } from './custom_grants.js'

export const device = 'urn:ietf:params:oauth:grant-type:device_code'
export const ciba = 'urn:openid:params:grant-type:ciba'
const preAuthorized = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'
const hasPreAuthorized = 'PreAuthorizedCode' in Host.prototype

/** Response types by which the authorization endpoint itself answers with tokens. */
export const tokenTypes = ['id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token'] as const

const noop = async () => undefined
const types = ['implicit', device, ciba, assertionGrant, ...(hasPreAuthorized ? [preAuthorized] : [])]

/** A configuration with every door to tokens that this host has, and clients that use them all. */
export const everyDoor: NonNullable<TestOptions['configuration']> = {
  clients: clients.map((client) => ({
    ...client,
    grant_types: [...(client.grant_types ?? []), ...types],
    response_types: [...(client.response_types ?? []), ...tokenTypes],
    backchannel_token_delivery_mode: 'poll',
  })) as DeferringClientMetadata[],
  responseTypes: ['code', ...tokenTypes],
  features: {
    deviceFlow: { enabled: true },
    ciba: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: async (_ctx: unknown, hint: string) => hint,
      validateRequestContext: noop,
      validateBindingMessage: noop,
      verifyUserCode: noop,
      triggerAuthenticationDevice: noop,
    },
    ...(hasPreAuthorized && {
      openid4vci: {
        enabled: true,
        ack: 'experimental-01',
        preAuthorizedCodeGrant: true,
        nonceSecret: Buffer.alloc(32, 1),
        credentialConfigurationsSupported: { passport: { format: 'dc+sd-jwt' } },
      },
    }),
  } as never,
}

/** A token request that is complete, as often as it is sent. */
export type Send = (params?: Record<string, string>) => Promise<Answer>

interface Door {
  grantType: string
  /** whether what it redeems can be used after a refusal */
  staysUsable: boolean
  open: (op: TestProvider, rp: RelyingParty) => Promise<Send>
}

/** The doors at the token endpoint whose flow of the host has no way to wait. */
export const closedDoors: Record<string, Door> = {
  device: { grantType: device, staysUsable: true, open: deviceFlow },
  CIBA: { grantType: ciba, staysUsable: true, open: backchannelFlow },
  ...(hasPreAuthorized && {
    'pre-authorized code': { grantType: preAuthorized, staysUsable: false, open: preAuthorizedFlow },
  }),
}
if (!hasPreAuthorized) console.log('this oidc-provider has no pre-authorized codes, skipped')

/** The doors that can wait. */
export const openDoors: Record<string, Door> = {
  authorization_code: {
    grantType: 'authorization_code',
    staysUsable: true,
    async open(_op, rp) {
      const code = await authorizationCode(rp)
      return (params) => redeem(rp, code, params)
    },
  },
  client_credentials: {
    grantType: 'client_credentials',
    staysUsable: true,
    open: async (_op, rp) => (params) => rp.token({ grant_type: 'client_credentials', ...params }),
  },
  'a grant of the integrator’s': {
    grantType: assertionGrant,
    staysUsable: true,
    open: async (op, rp) => (params) => sendCustom(op, rp, assertionGrant, params),
  },
}

/** A client that has not registered the grant of polls. */
export const unregistered = (client: DeferringClientMetadata): DeferringClientMetadata => ({
  ...client,
  grant_types: (client.grant_types ?? []).filter((type) => type !== oauthGrantType),
})

/** The device asks, and the end-user enters the code, confirms it and signs in. */
export async function deviceFlow(op: TestProvider, rp: RelyingParty): Promise<Send> {
  const { body } = await rp.post('/device/auth', { client_id: rp.clientId, scope: 'openid email' })
  const agent = userAgent()
  const form = (params: Record<string, string>) =>
    agent.visit(`${op.issuer}/device`, { form: new URLSearchParams({ ...params, user_code: body.user_code }) })
  const entering = await agent.visit(`${op.issuer}/device?user_code=${body.user_code}`)
  const confirming = await form(entering.params)
  const { status, html } = await form({ ...confirming.params, confirm: 'yes' })
  if (status !== 200) throw new Error(`the device was not confirmed: ${status} ${html}`)
  return (params) => rp.token({ grant_type: device, device_code: body.device_code, ...params })
}

async function backchannelFlow(op: TestProvider, rp: RelyingParty): Promise<Send> {
  const { body } = await rp.post('/backchannel', { scope: 'openid email', login_hint: 'alice' })
  const grant = new op.provider.Grant({ clientId: rp.clientId, accountId: 'alice' })
  grant.addOIDCScope('openid email')
  await op.provider.backchannelResult(body.auth_req_id, await grant.save())
  return (params) => rp.token({ grant_type: ciba, auth_req_id: body.auth_req_id, ...params })
}

async function preAuthorizedFlow({ provider }: TestProvider, rp: RelyingParty): Promise<Send> {
  const grant = new provider.Grant({ clientId: rp.clientId, accountId: 'alice' })
  grant.addOIDCScope('openid email')
  const { PreAuthorizedCode } = provider as never as {
    PreAuthorizedCode: new (of: object) => { save(): Promise<string> }
  }
  const of = { client: await provider.Client.find(rp.clientId), accountId: 'alice', scope: 'openid email' }
  const code = await new PreAuthorizedCode({ ...of, grantId: await grant.save() }).save()
  return (params) => rp.token({ grant_type: preAuthorized, 'pre-authorized_code': code, ...params })
}
