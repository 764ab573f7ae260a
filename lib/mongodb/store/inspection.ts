import type { Collection, Db } from 'mongodb'
import type { DeferralDocument } from './document.js'
import { compareIndexes, nameOfIndex } from './indexes.js'
import { indexes, purge, schemaVersion, versionOf } from './schema.js'

/** A collection of deferrals, compared with what this version of the store wants. */
export interface Inspection {
  exists: boolean
  /** of its validator; 0 without one of ours */
  version: number
  wantedVersion: number
  /** documents that the validator does not accept are refused */
  isEnforced: boolean
  /** the names of the indexes that are not there */
  missing: string[]
  /** the database deletes deferrals after their time */
  isPurging: boolean
}

/** Looks at a collection of deferrals and changes nothing. */
export async function inspect(db: Db, collection: Collection<DeferralDocument>): Promise<Inspection> {
  const [info] = await db.listCollections({ name: collection.collectionName }).toArray()
  const { validationLevel = 'strict', validationAction = 'error' } = (info && 'options' in info && info.options) || {}
  const { existing, missing } = await compareIndexes(collection, indexes)
  const purging = await nameOfIndex(collection, purge)
  return {
    exists: info !== undefined,
    version: versionOf(info),
    wantedVersion: schemaVersion,
    isEnforced: validationLevel === 'strict' && validationAction === 'error',
    missing: missing.map(({ name = '' }) => name),
    isPurging: existing.some(({ name, expireAfterSeconds }) => name === purging && expireAfterSeconds !== undefined),
  }
}
