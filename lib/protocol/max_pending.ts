/*
 * Not in the drafts: the option `maxPending`. One end-user, or one client, must not fill the list of the reviewers.
 */
import { errors } from 'oidc-provider'
import { type CappedRequest, emitCapped } from '../host/emit.js'
import type { Plugin } from '../plugin.js'

/** Whose request it is. There is no account with `client_credentials`. */
interface Requester {
  clientId: string
  accountId?: string
}

type Cap = Pick<CappedRequest, 'cap' | 'limit'>

const members = { perAccount: 'accountId', perClient: 'clientId' } as const
const names = { perAccount: 'end-user', perClient: 'client' } as const

/**
 * Creates a deferral with `create`, unless too many requests of its end-user or its client wait already: then it throws
 * `access_denied`, and nothing is written. On one node the creations of one end-user, and of a client with a cap, run one after
 * the other. So a cap is exceeded by one per other node at most.
 */
export function createWithinCaps<T>(
  plugin: Plugin,
  { clientId, accountId }: Requester,
  create: () => Promise<T>,
): Promise<T> {
  const requester = { clientId, ...(accountId !== undefined && { accountId }) }
  const caps = capsOf(plugin, requester)
  const keys = caps.map(({ cap }) => `${cap} ${requester[members[cap]]}`)
  return plugin.lines.run(keys, async () => {
    const reached = await reachedCap(plugin, requester, caps)
    if (!reached) return create()
    emitCapped(plugin.host.provider, { ...requester, ...reached })
    throw new errors.AccessDenied(`too many requests of this ${names[reached.cap]} wait already`)
  })
}

function capsOf({ settings }: Plugin, { accountId }: Requester): Cap[] {
  const { perAccount, perClient } = settings.maxPending
  return [
    ...(accountId === undefined ? [] : [{ cap: 'perAccount' as const, limit: perAccount }]),
    ...(perClient === undefined ? [] : [{ cap: 'perClient' as const, limit: perClient }]),
  ]
}

async function reachedCap({ records }: Plugin, requester: Requester, caps: Cap[]): Promise<Cap | undefined> {
  const counts = await Promise.all(
    caps.map(({ cap, limit }) => {
      const member = members[cap]
      return records.count({ status: ['pending'], [member]: requester[member], limit })
    }),
  )
  return caps.find(({ limit }, index) => (counts[index] ?? 0) >= limit)
}
