import type { Collection, Db } from 'mongodb'
import { boolean, shape, string, withDefault } from '../../deferral/shape.js'
import { ensureIndexes } from '../store/indexes.js'
import type { Artifact } from './artifact.js'
import { collectionName, indexesOf, modelNames } from './models.js'
import { finding, removing, saving } from './operations.js'

const optionsShape = shape({ prefix: withDefault(string, 'oidc_'), migrate: withDefault(boolean, true) })

/**
 * Adapter factory for all of oidc-provider's own models, one collection per model (`prefix` and the model's name in
 * snake_case); usable without the rest of this package. Writes use write concern majority. Reads use the primary and read concern
 * majority, so that an answer survives a failover. Expiry is judged by the provider's clock, as the `exp` in the payload is.
 *
 * `migrate()` creates the missing indexes. It is idempotent and safe on several nodes at once. Unless `migrate: false`, the first
 * use of a collection creates its indexes.
 *
 * What the host does in two steps and the adapter makes one:
 * - `consume` has one winner; every other call rejects with the host's own refusal, also when a revocation was faster.
 * - A save of a copy read earlier brings no destroyed Grant, Session, Interaction, device code or backchannel request
 *   back, and makes nothing that was consumed consumable again: it changes nothing.
 *
 * What it cannot see, and so cannot close:
 * - tokens saved just after `revokeByGrantId` by a request that was under way, when the Grant itself is kept;
 * - two changes to one Session, Grant or undecided request from the same state: the later save wins;
 * - a client's update that meets its deletion, as a `client_id` may be registered anew;
 * - one interaction resumed twice at once: `destroy` may not refuse;
 * - a replay between `ReplayDetection.unique`'s look-up and its save, unless the caller uses the adapter's `insertUnique`.
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
  const opened = new Map<string, Promise<Collection<Artifact>>>()

  async function open(model: string): Promise<Collection<Artifact>> {
    if (!isMigrating) return collectionOf(model)
    return opened.get(model) ?? openMigrated(model)
  }

  function openMigrated(model: string): Promise<Collection<Artifact>> {
    const collection = migrated(collectionOf(model), model)
    collection.catch(() => opened.delete(model))
    opened.set(model, collection)
    return collection
  }

  function adapterOf(name: string) {
    const openThis = () => open(name)
    return { ...finding(openThis), ...saving(name, openThis), ...removing(name, openThis), consumesOnce: true }
  }

  async function migrate(): Promise<void> {
    await Promise.all(modelNames.map(openMigrated))
  }

  // an arrow function, because the host would call anything with a prototype with `new`
  return Object.assign((name: string) => adapterOf(name), {
    /** Creates the missing indexes of all models. Idempotent, and safe on several nodes at once. */
    migrate,
  })
}

async function migrated(collection: Collection<Artifact>, model: string): Promise<Collection<Artifact>> {
  const indexes = indexesOf(model)
  if (indexes.length) await ensureIndexes(collection, indexes)
  return collection
}
