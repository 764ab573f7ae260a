import type { NewDeferral } from '../../lib/deferral/store.js'
import { requestOf } from '../../lib/testing/fixture.js'

/** When it is in these tests. */
export const start = new Date('2026-01-01T00:00:00Z')
/** So many seconds after the start. */
export const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)

/** The hostile request of the store contract, as one of the openid profile that was not exchanged yet. */
export function newDeferral(members: Partial<NewDeferral> = {}): NewDeferral {
  const { id, clientId, grantId, authorizationDetails, claims, interval, lifetime, codeHash, expiresIn } = requestOf()
  return {
    ...{ id, clientId, grantId, authorizationDetails, claims, interval, lifetime, codeHash, expiresIn },
    profile: 'openid',
    accountId: 'account',
    scope: ['openid', '$scope'],
    resource: [],
    context: { note: '$$NOW', $set: { 'a.b': [] } },
    source: { scope: 'openid $scope', 'x.y': '$expr', nested: { $literal: null } },
    ...members,
  } as NewDeferral
}
