import type { Adapter, AdapterPayload } from 'oidc-provider'
import { errors } from 'oidc-provider'

/**
 * An adapter for oidc-provider's own models, in memory. Each call is a deployment of its own: providers share nothing, unlike
 * those on oidc-provider's default adapter. A code is consumed once, whatever the number of requests. It causes no warning.
 *
 * ```ts
 * const provider = new Provider(issuer, { adapter: memoryAdapter() })
 * ```
 */
export function memoryAdapter(): (name: string) => Adapter {
  const models = new Map<string, Map<string, AdapterPayload>>()
  return (name) => {
    const rows = models.get(name) ?? new Map<string, AdapterPayload>()
    models.set(name, rows)
    const where = (match: (payload: AdapterPayload) => boolean) => [...rows.values()].find(match)
    return {
      async upsert(id, payload) {
        rows.set(id, structuredClone(payload))
      },
      async insertUnique(id: string, payload: AdapterPayload) {
        if (rows.has(id)) return false
        rows.set(id, structuredClone(payload))
        return true
      },
      async find(id) {
        return structuredClone(rows.get(id))
      },
      async findByUid(uid) {
        return structuredClone(where((payload) => payload.uid === uid))
      },
      async findByUserCode(userCode) {
        return structuredClone(where((payload) => payload.userCode === userCode))
      },
      async consume(id) {
        const row = rows.get(id)
        if (!row || row.consumed) {
          throw name === 'PushedAuthorizationRequest'
            ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
            : new errors.InvalidGrant('already consumed')
        }
        row.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        rows.delete(id)
      },
      async revokeByGrantId(grantId) {
        for (const [id, payload] of rows) if (payload.grantId === grantId) rows.delete(id)
      },
    } as Adapter
  }
}
