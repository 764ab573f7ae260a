/*
 * Not in the drafts: the option `maxPending`. One end-user, or one client, must not fill the list of the reviewers.
 */
import { errors } from 'oidc-provider'
import type { CountQuery } from '../deferral/queries.js'
import { type CappedRequest, emitCapped } from '../host/emit.js'
import { directSettings } from '../options/profiles.js'
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
 * Creates a deferral with `create`. Throws `access_denied` and writes nothing if too many requests of its end-user or its client
 * are pending already. On one node the creations of one end-user run one after the other, and so do those of a client with a cap.
 * So every other node can exceed a cap by one at most. The line of the end-user comes first: an end-user who is refused never
 * delays the other end-users of the client.
 */
export function createWithinCaps<T>(
  plugin: Plugin,
  { clientId, accountId }: Requester,
  create: () => Promise<T>,
): Promise<T> {
  const requester = { clientId, ...(accountId !== undefined && { accountId }) }
  const inLines = capsOf(plugin, requester).reduceRight(
    (next, cap) => () =>
      plugin.lines.run([`${cap.cap} ${requester[members[cap.cap]]}`], async () => {
        await assertBelow(plugin, requester, cap)
        return next()
      }),
    create,
  )
  return inLines()
}

function capsOf({ settings }: Plugin, { accountId }: Requester): Cap[] {
  const { perAccount, perClient } = settings.maxPending
  return [
    ...(accountId === undefined ? [] : [{ cap: 'perAccount' as const, limit: perAccount }]),
    ...(perClient === undefined ? [] : [{ cap: 'perClient' as const, limit: perClient }]),
  ]
}

async function assertBelow(plugin: Plugin, requester: Requester, { cap, limit }: Cap): Promise<void> {
  const { records, host, settings } = plugin
  const member = members[cap]
  // a browser can start any number of direct deferrals
  const status: CountQuery['status'] = directSettings(settings) ? ['pending', 'unclaimed'] : ['pending']
  const count = await records.count({ status, [member]: requester[member], limit })
  if (count < limit) return
  emitCapped(host.provider, { ...requester, cap, limit })
  throw new errors.AccessDenied(`too many requests of this ${names[cap]} wait already`)
}
