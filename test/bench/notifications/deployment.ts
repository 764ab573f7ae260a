import { randomBytes } from 'node:crypto'
import type { Document } from 'mongodb'
import { newHandle, newId } from '../../../lib/deferral/handle.js'
import { createSealer, type Sealer } from '../../../lib/notification/sealer.js'
import { clients } from '../../support/clients.js'
import { type ProviderNode, startNode } from '../../support/node.js'
import { relyingParty } from '../../support/relying_party.js'
import type { Place } from '../servers.js'
import { answering, type Receiver, secret } from './receiver.js'

/** A notification as its store has it, and what a client would be sent. */
export interface Planted {
  id: string
  handle: string
  clientId: string
}

/** How a process is started. */
export interface StartOptions {
  /** whether it sends; by default it does */
  worker?: boolean
  /** the URL of a module that is called with the provider */
  extension?: string
  /** it does not tell of its events */
  isSilent?: boolean
}

/** Provider processes on one database, and deferrals put there without their requests. */
export interface Deployment {
  place: Place
  receiver: Receiver
  start(name: string, options?: StartOptions): Promise<ProviderNode>
  /** `waiting` for a decision, or decided and `owed`, but not due yet */
  plant(clientId: string, count: number, status: 'waiting' | 'owed'): Promise<Planted[]>
  /** makes everything due that was planted as owed */
  release(): Promise<void>
}

export const token = 'token'

const issuer = 'http://op.example'
// those that are not notified
const plainClients = clients.filter(({ client_id }) => client_id === 'secret')
const far = new Date('2100-01-01')
const past = new Date(0)

/** A deployment without any process. */
export async function deploymentOn(place: Place, receiver: Receiver): Promise<Deployment> {
  const key = randomBytes(32).toString('base64url')
  const sealer = createSealer([key]) as Sealer
  const deferrals = place.db.collection<Document & { _id: string }>('deferrals')
  let model: Document | undefined

  const start: Deployment['start'] = async (name, { worker = true, extension, isSilent = false } = {}) => {
    const node = await startNode({
      uri: place.uri,
      database: place.db.databaseName,
      issuer,
      clients: [...receiver.clients(name), ...plainClients],
      ...(extension !== undefined && { modules: { extension } }),
      isSilent,
      deferred: { keys: [key], notification: { ...receiver.notification, worker } },
    })
    model ??= await request(node)
    return node
  }

  async function request({ origin }: ProviderNode): Promise<Document> {
    const params = { grant_type: 'client_credentials', completion_mode: 'deferred', client_secret: secret }
    await relyingParty(origin, answering[0]).token(params)
    return (await deferrals.findOne()) as Document
  }

  async function planted(clientId: string, status: 'waiting' | 'owed') {
    const id = newId()
    const { handle, hash } = newHandle('deferral_code', id)
    const sealed = await sealer.seal({ issuer, id, clientId }, { handle, token })
    const notification = { ...model?.notification, sealed, notBefore: past }
    if (status === 'owed') Object.assign(notification, { status, due: far })
    const decision = { status: 'approved', decision: '{"by":"bench"}', decidedAt: new Date() }
    const decided = status === 'owed' && { ...decision, wakeAt: far }
    const document = { ...model, _id: id, clientId, handleHash: hash, ...decided, notification }
    return { document, planted: { id, handle, clientId } }
  }

  return {
    place,
    receiver,
    start,
    async plant(clientId, count, status) {
      const all = await Promise.all(Array.from({ length: count }, () => planted(clientId, status)))
      await deferrals.insertMany(all.map(({ document }) => document))
      return all.map((one) => one.planted)
    },
    async release() {
      const now = new Date()
      await deferrals.updateMany({ wakeAt: far }, { $set: { 'notification.due': now, wakeAt: now } })
    },
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
