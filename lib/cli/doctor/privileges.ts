import { type Check, type Finding, fine, found } from './finding.js'

const check = 'privileges'
const running = ['find', 'insert', 'update']
const migrating = ['listCollections', 'listIndexes', 'createCollection', 'createIndex', 'collMod']

/** A privilege, as MongoDB reports it. An empty name stands for every database, or every collection. */
export interface Privilege {
  resource: { db?: string; collection?: string; anyResource?: boolean }
  actions: string[]
}

interface AuthInfo {
  authenticatedUsers: { user: string; db: string }[]
  authenticatedUserPrivileges: Privilege[]
}

/** What the user of this connection may do. */
export const privileges: Check = async ({ deployment: { db, collection } }) => {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true })
  const { authenticatedUsers, authenticatedUserPrivileges } = authInfo as AuthInfo
  const [user] = authenticatedUsers
  if (!user) return [withoutUser(db.client.options.hosts.map(({ host = 'localhost' }) => host))]
  const granted = authenticatedUserPrivileges
  const lacking = (actions: string[]) => missingActions(granted, actions, db.databaseName, collection.collectionName)
  const name = `user ${user.user} of ${user.db}`
  const missing = lacking(running)
  const remedy = `grant readWrite on ${db.databaseName}: grantRolesToUser`
  if (missing.length) return [found(check, `${name} may not ${missing.join(', ')}`, remedy)]
  const missingLater = lacking(migrating)
  const scope = missingLater.length ? `run nodes, and not migrate: ${missingLater.join(', ')}` : 'run nodes and migrate'
  return [fine(check, `${name} may ${scope}`)]
}

function withoutUser(hosts: string[]): Finding {
  const isLocal = hosts.every((host) => ['localhost', '127.0.0.1', '::1'].includes(host))
  if (isLocal) return fine(check, 'no user: whoever reaches the port of this machine may do everything')
  const remedy = 'turn access control on, and give nodes a user with readWrite'
  return found(check, 'no user: whoever reaches the database may read and change everything', remedy)
}

/** The actions that no privilege grants on this collection. */
export function missingActions(granted: Privilege[], actions: string[], db: string, collection: string): string[] {
  const covering = granted.filter(({ resource }) => covers(resource, db, collection)).flatMap((each) => each.actions)
  return actions.filter((action) => !covering.includes(action))
}

function covers(resource: Privilege['resource'], db: string, collection: string): boolean {
  if (resource.anyResource) return true
  const isOf = (name: string | undefined, wanted: string) => name === '' || name === wanted
  return isOf(resource.db, db) && isOf(resource.collection, collection)
}
