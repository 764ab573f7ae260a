import type { Collection } from 'mongodb'
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { type Artifact, artifactOf, consumable, insertion, payloadOf, replacement, tombstone } from './artifact.js'
import { alreadyConsumed, leavesTombstone } from './models.js'

/** Resolves to a model's collection once its indexes are there. */
export type Open = () => Promise<Collection<Artifact>>

type Finding = Pick<Adapter, 'find' | 'findByUid' | 'findByUserCode'>
type Removing = Pick<Adapter, 'destroy' | 'revokeByGrantId'>
type Saving = Pick<Adapter, 'upsert' | 'consume'> & {
  /** Stores the artifact and resolves to `true`, unless an unexpired one has its id: of many at once, one wins. */
  insertUnique(id: string, payload: AdapterPayload, expiresIn?: number): Promise<boolean>
}

// String(): whoever calls the adapter, an object must not be taken for a query
export function finding(open: Open): Finding {
  return {
    async find(id) {
      const artifacts = await open()
      return payloadOf(await artifacts.findOne({ _id: String(id) }))
    },

    async findByUid(uid) {
      const artifacts = await open()
      // concurrent logins leave two sessions of one uid: the one saved last is the user's
      return payloadOf(await artifacts.findOne({ uid: String(uid) }, { sort: { expiresAt: -1 } }))
    },

    async findByUserCode(userCode) {
      const artifacts = await open()
      return payloadOf(await artifacts.findOne({ userCode: String(userCode) }))
    },
  }
}

export function saving(model: string, open: Open): Saving {
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
      if (matchedCount === 0) throw alreadyConsumed(model)
    },
  }
}

export function removing(model: string, open: Open): Removing {
  return {
    async destroy(id) {
      const artifacts = await open()
      if (leavesTombstone(model))
        await artifacts.updateOne({ _id: String(id), payload: { $exists: true } }, tombstone())
      else await artifacts.deleteOne({ _id: String(id) })
    },

    async revokeByGrantId(grantId) {
      // oidc-provider 9.5.2 still revokes for what never had a Grant, and null would match every such artifact
      if (typeof grantId !== 'string' || !grantId) return
      const artifacts = await open()
      if (leavesTombstone(model)) await artifacts.updateMany({ grantId }, tombstone())
      else await artifacts.deleteMany({ grantId })
    },
  }
}
