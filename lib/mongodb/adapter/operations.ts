import type { Collection } from 'mongodb'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { type Artifact, artifactOf, consumable, insertion, payloadOf, replacement, tombstone } from './artifact.js'
import { consumedError, leavesTombstone } from './models.js'

/** Resolves to the collection of a model, when it has its indexes. */
export type Open = () => Promise<Collection<Artifact>>

type FindOperations = Pick<Adapter, 'find' | 'findByUid' | 'findByUserCode'>
type RemoveOperations = Pick<Adapter, 'destroy' | 'revokeByGrantId'>
type SaveOperations = Pick<Adapter, 'upsert' | 'consume'> & {
  /** Stores the artifact and resolves to `true`, unless an unexpired one has its id. Of concurrent calls one wins. */
  insertUnique(id: string, payload: AdapterPayload, expiresIn?: number): Promise<boolean>
}

/**
 * The reads of an adapter. Expired and destroyed artifacts are not found. `String()` keeps the database from taking an object of a
 * caller for a query.
 */
export function findOperations(open: Open): FindOperations {
  return {
    async find(id) {
      const artifacts = await open()
      return payloadOf(await artifacts.findOne({ _id: String(id) }))
    },

    async findByUid(uid) {
      const artifacts = await open()
      // concurrent logins may leave two sessions with one uid: the user has the session that was saved last
      return payloadOf(await artifacts.findOne({ uid: String(uid) }, { sort: { expiresAt: -1 } }))
    },

    async findByUserCode(userCode) {
      const artifacts = await open()
      return payloadOf(await artifacts.findOne({ userCode: String(userCode) }))
    },
  }
}

/** The writes of an adapter that store an artifact or consume it. */
export function saveOperations(model: string, open: Open): SaveOperations {
  return {
    async upsert(id, payload, expiresIn) {
      const artifacts = await open()
      await artifacts.updateOne({ _id: id }, replacement(artifactOf(id, payload, expiresIn)), { upsert: true })
    },

    async insertUnique(id, payload, expiresIn) {
      const artifacts = await open()
      const update = insertion(artifactOf(id, payload, expiresIn))
      const { upsertedCount, modifiedCount } = await artifacts.updateOne({ _id: id }, update, { upsert: true })
      return upsertedCount + modifiedCount > 0
    },

    async consume(id) {
      const artifacts = await open()
      const consumed = Math.floor(Date.now() / 1000)
      const { matchedCount } = await artifacts.updateOne({ _id: String(id), ...consumable() }, { $set: { consumed } })
      if (matchedCount === 0) throw consumedError(model)
    },
  }
}

/** The writes of an adapter that end artifacts. */
export function removeOperations(model: string, open: Open): RemoveOperations {
  return {
    async destroy(id) {
      const artifacts = await open()
      if (leavesTombstone(model))
        await artifacts.updateOne({ _id: String(id), payload: { $exists: true } }, tombstone())
      else await artifacts.deleteOne({ _id: String(id) })
    },

    async revokeByGrantId(grantId) {
      // oidc-provider 9.5.2 also revokes for an artifact without a Grant: null would match every artifact without one
      if (typeof grantId !== 'string' || !grantId) return
      const artifacts = await open()
      if (leavesTombstone(model)) await artifacts.updateMany({ grantId }, tombstone())
      else await artifacts.deleteMany({ grantId })
    },
  }
}
