import type { Collection, Db } from 'mongodb'
import { boolean, shape, string, withDefault } from '../../deferral/shape.js'
import { ensureIndexes } from '../store/indexes.js'
import type { Artifact } from './artifact.js'
import { collectionName, indexesOf, modelNames } from './models.js'
import { findOperations, type Open, removeOperations, saveOperations } from './operations.js'

const optionsShape = shape({ prefix: withDefault(string, 'oidc_'), migrate: withDefault(boolean, true) })

/**
 * Adapter factory for all of oidc-provider's own models, one collection per model (`prefix` and the model's name in
 * snake_case); usable without the rest of this package. Writes use write concern majority. Reads use the primary and read concern
 * majority, so that an answer survives a failover. The provider's clock decides about expiry, as for the `exp` in the payload.
 *
 * `migrate()` creates the missing indexes. It is idempotent and safe on several nodes at once. Unless `migrate: false`, the first
 * use of a collection creates its indexes.
 *
 * The host reads and writes in two steps. These races the adapter closes:
 * - `consume` has one winner. Every other call rejects with the host's own error, also if a revocation was faster.
 * - A save of an outdated copy changes nothing: it neither restores a destroyed Grant, Session, Interaction, device code or
 *   backchannel request, nor makes a consumed artifact consumable again.
 *
 * These races the adapter cannot see:
 * - a request under way saves tokens just after `revokeByGrantId`, and the Grant itself stays;
 * - two requests change one Session, Grant or undecided request from the same state: the later save wins;
 * - a client is updated while it is deleted: a `client_id` may be registered again;
 * - an interaction is resumed twice at once: `destroy` must not refuse;
 * - a replay between the look-up and the save of `ReplayDetection.unique`, unless the caller uses `insertUnique`.
 */
export function mongoAdapter(db: Db, options: { prefix?: string; migrate?: boolean } = {}) {
  const { prefix, migrate: isMigrating } = optionsShape(options, 'mongoAdapter:')
  if (typeof db?.collection !== 'function') {
    throw new TypeError('mongoAdapter needs a Db of the mongodb driver: mongoAdapter(client.db(name))')
  }
  const collectionOf = (model: string) =>
    db.collection<Artifact>(prefix + collectionName(model), {
      writeConcern: { w: 'majority' },
      readConcern: { level: 'majority' },
      readPreference: 'primary',
      promoteValues: true,
    })
  const collections = new Map<string, Promise<Collection<Artifact>>>()

  async function open(model: string): Promise<Collection<Artifact>> {
    if (!isMigrating) return collectionOf(model)
    return collections.get(model) ?? openWithIndexes(model)
  }

  function openWithIndexes(model: string): Promise<Collection<Artifact>> {
    const collection = withIndexes(collectionOf(model), model)
    collection.catch(() => collections.delete(model))
    collections.set(model, collection)
    return collection
  }

  async function migrate(): Promise<void> {
    await Promise.all(modelNames.map(openWithIndexes))
  }

  // an arrow function: the host calls a function that has a prototype with `new`
  return Object.assign((name: string) => adapterOf(name, () => open(name)), {
    /** Creates the missing indexes of all models. Idempotent, and safe on several nodes at once. */
    migrate,
  })
}

function adapterOf(model: string, open: Open) {
  return {
    ...findOperations(open),
    ...saveOperations(model, open),
    ...removeOperations(model, open),
    consumesOnce: true,
  }
}

async function withIndexes(collection: Collection<Artifact>, model: string): Promise<Collection<Artifact>> {
  const indexes = indexesOf(model)
  if (indexes.length) await ensureIndexes(collection, indexes)
  return collection
}
