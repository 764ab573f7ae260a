import { distance, duration } from '../times.js'
import { type Check, type Finding, fine, found } from './finding.js'

/** Milliseconds. A sweep looks every second; leases last ten. */
const longestDelay = 60_000

/** Whose deferrals these are. */
export const issuers: Check = async ({ deployment }) => {
  const { collection, givenIssuer } = deployment
  const selected = await deployment.issuers()
  if (selected.length) return [fine('issuers', selected.join(', '))]
  const all = await deployment.allIssuers()
  const suffix = givenIssuer === undefined ? '' : ` of ${givenIssuer}`
  const remedy = all.length
    ? `check --issuer: there are deferrals of ${all.join(', ')}`
    : 'check --db and --collection; nothing to do before the first deferral'
  return [found('issuers', `no deferral${suffix} in ${collection.namespace}`, remedy)]
}

/** What waits for people, and since when. */
export const waiting: Check = async ({ deployment }) => {
  const now = new Date()
  const ofIssuer = async (issuer: string): Promise<Finding> => {
    const { pending, overdue, oldestPendingAt } = await deployment.officeOf(issuer).stats()
    const oldest = oldestPendingAt ? `, the oldest created ${distance(oldestPendingAt, now)}` : ''
    const says = `${issuer}: ${pending} pending${oldest}`
    if (!overdue) return fine('waiting', says)
    return found('waiting', `${says}; ${overdue} overdue`, 'decide them: list --overdue --order due')
  }
  return Promise.all((await deployment.issuers()).map(ofIssuer))
}

/** Whether a node looks after what is due. */
export const sweeps: Check = async ({ deployment }) => {
  const ofIssuer = async (issuer: string): Promise<Finding> => {
    const [first] = await deployment.recordsOf(issuer).due({ limit: 1 })
    const delay = first?.wakeAt ? first.readAt.getTime() - first.wakeAt.getTime() : 0
    if (delay <= longestDelay) return fine('sweeps', `${issuer}: nothing is late`)
    const says = `${issuer}: ${first?.id} should have been looked at ${duration(delay)} ago`
    return found('sweeps', says, 'no node sweeps: start one with this issuer and collection, and read its log')
  }
  return Promise.all((await deployment.issuers()).map(ofIssuer))
}
