import { held } from '../../support/deferral.js'
import { until as happens } from '../../support/receiver.js'
import { type Deployment, type DeploymentOptions, deploy } from '../deployment.js'

/** The authorization request of a client that wants everything it may have. */
export const all = { scope: 'openid offline_access email', prompt: 'consent' }
export const keys = [new Uint8Array(32).fill(5)]

/** The scope `email` has to be requested, everything else is permitted. */
export async function start(options: DeploymentOptions['options'] = {}, deferred = {}): Promise<Deployment> {
  const deployment = await deploy({ options: { accessRequest: {}, ...options }, deferred: { keys, ...deferred } })
  deployment.service.policy = ({ action }) => (action.name === 'email' ? 'request' : 'permit')
  return deployment
}

// nothing here takes long
export const until = (isThere: () => boolean | Promise<boolean>, seconds = 30) => happens(isThere, seconds)

/** A deferral that waits for the answer to its access request. */
export const ask = ({ op, rp }: Deployment) => held(op, rp, 'authorization_code', { request: all })
export const statusOf = async ({ op }: Deployment, id: string) => (await op.provider.deferrals.get(id))?.status
export const submitted = ({ service }: Deployment, count = 1) => until(() => service.access.list.length >= count)

/** Moves the clock until the deferral has this status. */
export async function reaches(deployment: Deployment, id: string, status: string): Promise<void> {
  await until(async () => {
    await deployment.toNextStep(id)
    return (await statusOf(deployment, id)) === status
  }, 30)
}
