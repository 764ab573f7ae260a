import type { Db } from 'mongodb'
import type { grants } from '../support/deferral.js'
import { liveTokens } from './deployment.js'

/** Access and refresh tokens that are alive: of this Grant, or of all requests of the grant that has none. */
export async function living(
  db: Db,
  grant: (typeof grants)[number],
  grantId: string | undefined,
): Promise<[string[], string[]]> {
  if (grant === 'client_credentials') {
    const tokens = await db.collection<{ _id: string }>('oidc_client_credentials').find().toArray()
    return [tokens.map(({ _id }) => _id).sort(), []]
  }
  if (grantId === undefined) throw new Error('this request has a Grant')
  return [await liveTokens(db, 'access_token', grantId), await liveTokens(db, 'refresh_token', grantId)]
}
