import { errors, type Provider } from 'oidc-provider'
import type { CibaOptions, DeferringClientMetadata } from 'oidc-provider-deferred'
import { clients } from './clients.js'
import { whoeverCan } from './deferral.js'
import type { TestOptions, TestProvider } from './provider.js'
import { until } from './receiver.js'
import type { Extras, RelyingParty } from './relying_party.js'

export const cibaGrantType = 'urn:openid:params:grant-type:ciba'

type Results = Parameters<Provider['backchannelResult']>
type Wire = Record<string, string | string[] | undefined>

/** What a device was asked. */
export interface Question {
  request: {
    jti: string
    accountId: string
    clientId: string
    scope: string
    deferralId?: string
    params: Record<string, unknown>
    exp?: number
  }
  account: { accountId: string }
  ctx: { oidc: { entities: Record<string, unknown>; route?: string; urlFor(name: string): string } }
}

/** The end-user's device: it keeps what it was asked, and answers as a test says. */
export interface Phone {
  questions: Question[]
  /** what the integrator's hook does */
  behave: (question: Question) => unknown
  /** other hints that reached the integrator's function */
  hints: unknown[]
  /** resolves when this deferral was asked about so many times */
  asked(id: string, times?: number): Promise<Question>
  /** the end-user allows this scope; resolves to the Grant that was handed over */
  allow(op: TestProvider, question: Question, options?: Allowance): Promise<string>
  refuse(op: TestProvider, question: Question, error?: Error): Promise<void>
}

export interface Allowance {
  scope?: string
  resource?: Record<string, string>
  grantId?: string
  details?: Results[2]
}

/** The clients of the tests, with the grant of CIBA. */
export const cibaClients: DeferringClientMetadata[] = clients.map((client) =>
  client.client_id === 'public' || client.client_id === 'plain'
    ? client
    : {
        ...client,
        grant_types: [...(client.grant_types ?? []), cibaGrantType],
        backchannel_token_delivery_mode: 'poll',
      },
)

/** A device, and the options of a provider that reaches it. */
export function withPhone(ciba: CibaOptions, { deferred, configuration }: TestOptions = {}) {
  const phone: Phone = {
    questions: [],
    hints: [],
    behave: () => undefined,
    async asked(id, times = 1) {
      const all = () => phone.questions.filter(({ request }) => request.deferralId === id)
      await until(() => all().length >= times)
      return all().at(-1) as Question
    },
    async allow({ provider }, { request }, { scope = request.scope, resource = {}, grantId, details } = {}) {
      const grant = grantId
        ? await provider.Grant.find(grantId)
        : new provider.Grant({ accountId: request.accountId, clientId: request.clientId })
      if (!grant) throw new Error('no such Grant')
      if (!grantId && scope) grant.addOIDCScope(scope)
      for (const [name, scopes] of Object.entries(resource)) grant.addResourceScope(name, scopes)
      const id = grantId ?? (await grant.save())
      await provider.backchannelResult(request.jti, id, details)
      return id
    },
    async refuse({ provider }, { request }, error = new errors.AccessDenied('not me')) {
      await provider.backchannelResult(request.jti, error as Results[1])
    },
  }
  const feature = {
    enabled: true,
    deliveryModes: deferred?.keys ? ['poll', 'ping'] : ['poll'],
    async triggerAuthenticationDevice(ctx: unknown, request: unknown, account: unknown) {
      const question = { ctx, request, account } as Question
      await phone.behave(question)
      phone.questions.push(question)
    },
    processLoginHintToken(_ctx: unknown, hint: unknown) {
      phone.hints.push(hint)
      return 'alice'
    },
    processLoginHint: () => 'alice',
    validateBindingMessage: () => undefined,
    validateRequestContext: () => undefined,
    verifyUserCode: () => undefined,
  }
  const options = {
    configuration: {
      clients: cibaClients,
      ...configuration,
      features: { ...configuration?.features, ciba: feature },
    },
    deferred: { defer: whoeverCan, ciba, ...deferred },
  } as TestOptions
  return { phone, options }
}

/** The client sends its handle as a hint. */
export function hint(rp: RelyingParty, handle: string, params: Wire = {}, extras: Extras = {}) {
  return rp.post('/backchannel', { scope: 'openid', login_hint_token: handle, ...params }, extras)
}

/** A poll of CIBA. */
export function pollCiba(rp: RelyingParty, authReqId: string, params: Wire = {}, extras: Extras = {}) {
  return rp.token({ grant_type: cibaGrantType, auth_req_id: authReqId, ...params }, extras)
}
