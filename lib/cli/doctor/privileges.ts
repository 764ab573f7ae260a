import { type Check, type Finding, fine, found } from './finding.js'

const check = 'privileges'
const nodeActions = ['find', 'insert', 'update']
const schemaActions = ['listIndexes', 'listCollections']
const migrationActions = ['listCollections', 'listIndexes', 'createCollection', 'createIndex', 'collMod']
/** Actions that MongoDB grants on a whole database only. */
const wholeDatabase = ['listCollections']

/** A privilege, as MongoDB reports it. An empty name stands for every database, or every collection. */
export interface Privilege {
  resource: { db?: string; collection?: string; anyResource?: boolean }
  actions: string[]
}

interface AuthInfo {
  authenticatedUsers: { user: string; db: string }[]
  authenticatedUserPrivileges: Privilege[]
}

/** The user of this connection. */
interface User {
  name: string
  namespace: string
  /** the role that a node needs, in words */
  readWrite: string
  /** which of these actions no privilege grants */
  missing(actions: string[]): string[]
}

/** What the user of this connection may do. */
export const privileges: Check = async ({ deployment: { db, collection } }) => {
  const { authInfo } = await db.command({ connectionStatus: 1, showPrivileges: true })
  const { authenticatedUsers, authenticatedUserPrivileges: granted } = authInfo as AuthInfo
  const [first] = authenticatedUsers
  if (!first) return [withoutUser(db.client.options.hosts.map(({ host = 'localhost' }) => host))]
  const user: User = {
    name: `user ${first.user} of ${first.db}`,
    namespace: collection.namespace,
    readWrite: `readWrite on ${db.databaseName}`,
    missing: (actions) => missingActions(granted, actions, db.databaseName, collection.collectionName),
  }
  const refusal = nodeFinding(user)
  if (refusal) return [refusal]
  const findings = [changeStreamFinding(user), schemaFinding(user)].filter((finding) => finding !== undefined)
  return findings.length ? findings : [permission(user)]
}

function nodeFinding({ name, readWrite, missing }: User): Finding | undefined {
  const missingForNode = missing(nodeActions)
  if (missingForNode.length === 0) return undefined
  return found(check, `${name} may not ${missingForNode.join(', ')}`, `grant ${readWrite}: grantRolesToUser`)
}

function changeStreamFinding({ name, namespace, readWrite, missing }: User): Finding | undefined {
  if (missing(['changeStream']).length === 0) return undefined
  const says = `${name} may not open a change stream (changeStream): a node notices decisions of other nodes up to a second late`
  return found(check, says, `grant changeStream on ${namespace}, or ${readWrite}`)
}

function schemaFinding({ name, readWrite, missing }: User): Finding | undefined {
  const missingForSchema = missing(schemaActions)
  if (missingForSchema.length === 0) return undefined
  const says = `${name} may not ${missingForSchema.join(', ')}: doctor cannot check the schema`
  return found(check, says, `run doctor as the user who migrates, or grant ${readWrite}`)
}

function permission({ name, missing }: User): Finding {
  const missingForMigration = missing(migrationActions).join(', ')
  return fine(
    check,
    `${name} may run nodes${missingForMigration ? `, and not migrate: ${missingForMigration}` : ' and migrate'}`,
  )
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
