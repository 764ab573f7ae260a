import { isDeepStrictEqual } from 'node:util'
import type { Collection, Document, IndexDescription, IndexDescriptionInfo, MongoServerError } from 'mongodb'

const namespaceNotFound = 26
/** Server codes: the index exists with other options, or another index has its name. */
const conflicts: readonly unknown[] = [85, 86]
const maxAttempts = 5

/**
 * Creates the missing indexes. An existing index with the same key and the same documents is used as it is, under any name and
 * with any `expireAfterSeconds`. If another index has our name, ours gets the next free name. Idempotent, and safe when
 * several nodes start at once.
 */
export async function ensureIndexes<T extends Document>(
  collection: Collection<T>,
  indexes: readonly IndexDescription[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { existing, missing } = await compareIndexes(collection, indexes)
    if (missing.length === 0) return
    try {
      await collection.createIndexes(missing.map((index) => ({ ...index, name: freeName(index, existing) })))
      return
    } catch (error) {
      // another node or an administrator has created an index meanwhile
      if (!conflicts.includes((error as MongoServerError).code) || attempt === maxAttempts) throw error
    }
  }
}

/** The indexes of a collection, and those of `indexes` that none of them serves. */
export async function compareIndexes<T extends Document>(
  collection: Collection<T>,
  indexes: readonly IndexDescription[],
): Promise<{ existing: IndexDescriptionInfo[]; missing: IndexDescription[] }> {
  const existing = await existingIndexes(collection)
  return { existing, missing: indexes.filter((index) => !existing.some((other) => serves(other, index, existing))) }
}

/** The name of an existing index that serves the same queries as this one. */
export async function nameOfIndex<T extends Document>(
  collection: Collection<T>,
  index: IndexDescription,
): Promise<string | undefined> {
  const existing = await existingIndexes(collection)
  return existing.find((candidate) => serves(candidate, index, existing))?.name
}

async function existingIndexes<T extends Document>(collection: Collection<T>): Promise<IndexDescriptionInfo[]> {
  try {
    return await collection.indexes()
  } catch (error) {
    if ((error as MongoServerError).code === namespaceNotFound) return []
    throw error
  }
}

/** Whether every query and constraint that needs `index` is served by `candidate`. */
function serves(candidate: IndexDescriptionInfo, index: IndexDescription, existing: IndexDescriptionInfo[]): boolean {
  return (
    isDeepStrictEqual(fields(candidate), fields(index)) &&
    (!index.unique || candidate.unique === true) &&
    (!candidate.sparse || index.sparse === true) &&
    (!candidate.partialFilterExpression ||
      isDeepStrictEqual(candidate.partialFilterExpression, index.partialFilterExpression)) &&
    isDeepStrictEqual(candidate.collation, defaultCollation(existing))
  )
}

// as text: the options of the driver decide whether a direction is a number, a bigint or a BSON object
function fields({ key }: { key: IndexDescription['key'] }): [string, string][] {
  return Object.entries(key).map(([field, direction]) => [field, String(direction)])
}

// the index on _id always has the collation of the collection, and so have our queries
function defaultCollation(existing: IndexDescriptionInfo[]): Document | undefined {
  return existing.find(({ key }) => isDeepStrictEqual(Object.keys(key), ['_id']))?.collation
}

function freeName(index: IndexDescription, existing: IndexDescriptionInfo[]): string {
  const name = index.name ?? fields(index).flat().join('_')
  const isTaken = (candidate: string) => existing.some((other) => other.name === candidate)
  let free = name
  for (let n = 2; isTaken(free); n++) free = `${name}_${n}`
  return free
}
