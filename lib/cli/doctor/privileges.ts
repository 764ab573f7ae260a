import { type Check, type Finding, fine, found } from './finding.js'

const check = 'privileges'
const running = ['find', 'insert', 'update']
const looking = ['listIndexes', 'listCollections']
/** Those of a whole database: MongoDB ignores them on a collection. */
const wholeDatabase = ['listCollections']
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
  const readWrite = `readWrite on ${db.databaseName}`
  if (missing.length) {
    return [found(check, `${name} may not ${missing.join(', ')}`, `grant ${readWrite}: grantRolesToUser`)]
  }
  const findings = []
  if (lacking(['changeStream']).length) {
    const says = `${name} may not changeStream: nodes notice the decisions of other nodes late`
    findings.push(found(check, says, `grant changeStream on ${collection.namespace}, or ${readWrite}`))
  }
  const unseen = lacking(looking)
  if (unseen.length) {
    const says = `${name} may not ${unseen.join(', ')}: the schema is not looked at`
    findings.push(found(check, says, `run doctor as the user who migrates, or grant ${readWrite}`))
  }
  if (findings.length) return findings
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
  return actions.filter((action) => {
    const wanted = wholeDatabase.includes(action) ? '' : collection
    return !granted.some((each) => each.actions.includes(action) && covers(each.resource, db, wanted))
  })
}

function covers(resource: Privilege['resource'], db: string, collection: string): boolean {
  if (resource.anyResource) return true
  const isOf = (name: string | undefined, wanted: string) => name === '' || name === wanted
  return isOf(resource.db, db) && isOf(resource.collection, collection)
}
