import { newId } from '../../lib/deferral/handle.js'
import type { NewDeferral } from '../../lib/deferral/store.js'

/** When it is in these tests. */
export const start = new Date('2026-01-01T00:00:00Z')
/** So many seconds after the start. */
export const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)

/** A request with everything in it that a database might mistake for its own language. */
export function newDeferral(members: Partial<NewDeferral> = {}): NewDeferral {
  return {
    id: newId(),
    profile: 'openid',
    clientId: 'client',
    accountId: 'account',
    grantId: 'grant',
    scope: ['openid', '$scope'],
    resource: [],
    authorizationDetails: [{ type: 'payment', $where: 'a.b', 'dotted.name': { $$NOW: 1 }, _bsontype: 'ObjectId' }],
    claims: { id_token: { 'https://example.com/claim': null, 'nul\u0000': { $ref: 'a', $id: 'b' } } },
    context: { note: '$$NOW', $set: { 'a.b': [] } },
    interval: 5,
    lifetime: 600,
    codeHash: 'hash',
    source: { scope: 'openid $scope', 'x.y': '$expr', nested: { $literal: null } },
    expiresIn: 60,
    ...members,
  }
}
