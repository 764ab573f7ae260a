import { type DeferredTokenResponseOptions, memoryStore } from 'oidc-provider-deferred'
import { type Authzen, type AuthzenOptions, authzen, type Rotation } from 'oidc-provider-deferred/authzen'
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
  /** moves the clock to the next step of the task of this deferral, if it is in the future */
  toNextStep(id: string): Promise<void>
  /** what operators were told */
  alerts: [problem: string, facts: Record<string, string>][]
}

export interface DeploymentOptions {
  options?: Partial<AuthzenOptions>
  configuration?: TestOptions['configuration']
  deferred?: DeferredTokenResponseOptions
  /** the integrator's own `rotateRefreshToken`; absent: the host's default, and nothing is asked at a refresh */
  rotate?: Rotation
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
  rotate,
}: DeploymentOptions = {}): Promise<Deployment> {
  const service = await policyService()
  const alerts: Deployment['alerts'] = []
  const decider = authzen({
    pdp: service.pdp,
    egress: service.egress,
    authenticate: () => ({ authorization: 'Bearer of the provider' }),
    // a busy machine is no outage
    timeout: 7000,
    alert: (problem, facts) => void alerts.push([problem, facts]),
    ...options,
  })
  const { tokenClaims, close, defer, reconsider, task, rotateRefreshToken } = decider
  const store = deferred?.store ?? memoryStore()
  const op = await startProvider({
    configuration: {
      clients: clients.map((client) => ({ ...client, authorization_details_types: ['payment'] })),
      extraTokenClaims: (ctx) => tokenClaims(ctx),
      ...(rotate !== undefined && { rotateRefreshToken: rotateRefreshToken(rotate) }),
      ...configuration,
    },
    deferred: { defer, reconsider, ...(task && { task }), ...deferred, store },
  })
  open.push(op.close, close, service.close)
  const toNextStep = async (id: string) => {
    const now = op.clock.now()
    const { taskDue, task } = (await store.find(id, now)) ?? {}
    // the lease of a step under way is none of ours
    if (taskDue && taskDue > now && !task?.leased) op.clock.advance((taskDue.getTime() - now.getTime()) / 1000)
  }
  return { service, decider, op, rp: relyingParty(op.issuer), alerts, toNextStep }
}

/** The names of the actions that the service was asked about. */
export const actions = ({ questions }: PolicyService) => questions.map(({ action }) => action.name)
