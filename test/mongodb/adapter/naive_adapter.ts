import type { Db } from 'mongodb'
import type { AdapterPayload } from 'oidc-provider'
import type { Racer } from './race.js'

type Stored = { _id: string; payload: AdapterPayload }

/** Planted: reads, decides and writes, as adapters in the wild do. The race tests must catch it first. */
export function naiveAdapter(db: Db): (name: string) => Racer {
  return (name) => {
    const stored = db.collection<Stored>(`naive_${name}`)
    const find = async (id: string) => (await stored.findOne({ _id: id }))?.payload
    const upsert = async (id: string, payload: AdapterPayload) => {
      await stored.replaceOne({ _id: id }, { payload }, { upsert: true })
    }
    return {
      find,
      upsert,
      async insertUnique(id: string, payload: AdapterPayload) {
        if (await find(id)) return false
        await upsert(id, payload)
        return true
      },
      async consume(id: string) {
        const payload = await find(id)
        if (!payload || payload.consumed) throw new Error('consumed')
        await upsert(id, { ...payload, consumed: Math.floor(Date.now() / 1000) })
      },
      async findByUid(uid: string) {
        return (await stored.findOne({ 'payload.uid': uid }))?.payload
      },
      async findByUserCode(userCode: string) {
        return (await stored.findOne({ 'payload.userCode': userCode }))?.payload
      },
      async destroy(id: string) {
        await stored.deleteOne({ _id: id })
      },
      async revokeByGrantId(grantId: string) {
        await stored.deleteMany({ 'payload.grantId': grantId })
      },
    }
  }
}
