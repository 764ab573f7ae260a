import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { newId } from '../../lib/deferral/handle.js'
import type { NewDeferral, Stored } from '../../lib/deferral/store.js'
import type { TestDatabase } from '../support/database.js'
import { issuer, verbsOn } from '../support/records.js'

/** The transitions of the plugin on a database. */
export const verbsIn = ({ db }: TestDatabase, of = issuer) => verbsOn(mongoStore(db), of)

/** Stores a pending deferral, as a provider would. */
export async function stored(
  database: TestDatabase,
  members: Partial<NewDeferral> = {},
  of = issuer,
): Promise<Stored & { id: string }> {
  const record = await verbsIn(database, of).create({
    id: newId(),
    profile: 'oauth',
    clientId: 'bank',
    accountId: 'alice',
    grantType: 'client_credentials',
    scope: ['payments'],
    resource: [],
    interval: 5,
    lifetime: 3600,
    expiresIn: 3600,
    handleHash: 'hash',
    source: {},
    ...members,
  })
  if (!record) throw new Error('the id exists')
  return record
}
