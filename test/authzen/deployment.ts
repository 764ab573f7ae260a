import type { DeferredTokenResponseOptions } from 'oidc-provider-deferred'
import { type Authzen, type AuthzenOptions, authzen } from 'oidc-provider-deferred/authzen'
import { type PolicyService, policyService } from 'oidc-provider-deferred/testing'
import { afterEach } from 'vitest'
import { clients } from '../support/clients.js'
import { startProvider, type TestOptions, type TestProvider } from '../support/provider.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'

/** A provider behind a policy decision point. */
export interface Deployment {
  service: PolicyService
  decider: Authzen
  op: TestProvider
  rp: RelyingParty
  /** what operators were told */
  alerts: [problem: string, facts: Record<string, string>][]
}

export interface DeploymentOptions {
  options?: Partial<AuthzenOptions>
  configuration?: TestOptions['configuration']
  deferred?: DeferredTokenResponseOptions
}

const open: (() => Promise<void>)[] = []

/** Closes what the tests of this file have started. */
export function closeAfterEach(): void {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((close) => close()))
  })
}

/** Starts a service that permits everything, and a provider that asks it. */
export async function deploy({
  options = {},
  configuration = {},
  deferred,
}: DeploymentOptions = {}): Promise<Deployment> {
  const service = await policyService()
  const alerts: Deployment['alerts'] = []
  const decider = authzen({
    pdp: service.pdp,
    egress: service.egress,
    authenticate: () => ({ authorization: 'Bearer of the provider' }),
    alert: (problem, facts) => void alerts.push([problem, facts]),
    ...options,
  })
  const { tokenClaims, close, ...members } = decider
  const op = await startProvider({
    configuration: {
      clients: clients.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
      extraTokenClaims: (ctx) => tokenClaims(ctx),
      ...configuration,
    },
    deferred: { ...members, ...deferred },
  })
  open.push(op.close, close, service.close)
  return { service, decider, op, rp: relyingParty(op.issuer), alerts }
}

/** The names of the actions that the service was asked about. */
export const actions = ({ questions }: PolicyService) => questions.map(({ action }) => action.name)
