import { MongoClient } from 'mongodb'
import { type Adapter, Provider } from 'oidc-provider'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeMongo, useMongoAdapter } from '../../support/database.js'
import { type Mongo, startMongo } from '../../support/mongod.js'
import { adapterContract } from './adapter_contract.js'
import { models } from './models.js'

const host = new Provider('https://op.example')

/** The host's own memory adapter: what a provider that was given none uses. */
const memoryAdapter = (name: string): Adapter => Reflect.get(Reflect.get(host, name), 'adapter')

describe("oidc-provider's memory adapter", () => {
  adapterContract(
    memoryAdapter,
    models.filter((name) => name in host),
  )
})

describeMongo('mongoAdapter', () => {
  const { database, adapter } = useMongoAdapter()

  adapterContract((name) => adapter(name), models)

  test('keeps each model in a collection of its own', async () => {
    await Promise.all(models.map((model) => adapter(model).upsert('id', { jti: model }, 60)))
    const names = (await database.db.listCollections().toArray()).map(({ name }) => name)
    expect(names.sort()).toEqual([
      'oidc_access_token',
      'oidc_authorization_code',
      'oidc_backchannel_authentication_request',
      'oidc_client',
      'oidc_client_credentials',
      'oidc_device_code',
      'oidc_grant',
      'oidc_initial_access_token',
      'oidc_interaction',
      'oidc_pre_authorized_code',
      'oidc_pushed_authorization_request',
      'oidc_refresh_token',
      'oidc_registration_access_token',
      'oidc_replay_detection',
      'oidc_session',
    ])
  })

  test('takes another prefix', async () => {
    await mongoAdapter(database.db, { prefix: 'bank_' })('AccessToken').upsert('id', { jti: 'id' }, 60)
    expect(await database.db.collection('bank_access_token').countDocuments()).toBe(1)
  })

  test('serves a model that a later host may bring', async () => {
    const later = adapter('LaterToken')
    await later.upsert('id', { jti: 'id', grantId: 'grant' }, 60)
    expect(await later.find('id')).toEqual({ jti: 'id', grantId: 'grant' })
    await later.revokeByGrantId('grant')
    expect(await later.find('id')).toBeUndefined()
  })

  test('says what it needs when it is given the client', () => {
    expect(() => mongoAdapter(Object(database.db.client))).toThrow(
      new TypeError('mongoAdapter needs a Db of the mongodb driver: mongoAdapter(client.db(name))'),
    )
  })
})

describeMongo('mongoAdapter on a standalone', () => {
  let server: Mongo
  let client: MongoClient
  let adapter: ReturnType<typeof mongoAdapter>

  beforeAll(async () => {
    server = await startMongo({ standalone: true })
    client = await MongoClient.connect(server.uri)
    adapter = mongoAdapter(client.db('standalone'))
  })
  afterAll(async () => {
    await client.close()
    await server.stop()
  })

  adapterContract((name) => adapter(name), models)
})
