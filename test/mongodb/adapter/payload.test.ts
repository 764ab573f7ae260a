import { randomUUID } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { describeMongo, useMongoAdapter } from '../../support/database.js'

const keys = [
  'a.b',
  '.',
  '$',
  '$set',
  '$ref',
  '$id',
  '$$ROOT',
  '',
  '_id',
  '_bsontype',
  'nul\u0000nul',
  '\ud800',
  'toBSON',
]
const deep = JSON.parse(`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`)

const extras: [string, { [key: string]: unknown }][] = [
  ...keys.map((key): [string, { [key: string]: unknown }] => [JSON.stringify(key), { [key]: { [key]: 'ObjectId' } }]),
  ['__proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
  ['a DBRef', { $ref: 'oidc_client', $id: 'x', $db: 'admin' }],
  ['300 levels', deep],
  ['numbers', { big: 2 ** 53 - 1, small: -(2 ** 31) - 1, fraction: 0.1, exponent: 1e300 }],
  [
    'undefined, null, Set, Map, Date, NaN',
    { u: undefined, n: null, s: new Set([1]), m: new Map(), d: new Date(0), nan: Number.NaN },
  ],
  ['text that reads as an expression', { a: '$payload', b: '$$NOW', c: ['$_id'] }],
]

describeMongo('a payload', () => {
  const { database, adapter } = useMongoAdapter()

  test.each(extras)('survives as JSON would: %s', async (_name, extra) => {
    const id = randomUUID()
    const payload: AdapterPayload = { jti: id, extra }
    const asJson = JSON.stringify(payload)
    for (const store of [adapter('AccessToken').upsert, adapter('ReplayDetection').insertUnique])
      await store(id, payload, 60)
    expect(JSON.stringify(await adapter('AccessToken').find(id))).toBe(asJson)
    expect(JSON.stringify(await adapter('ReplayDetection').find(id))).toBe(asJson)
  })

  test('comes back the same under any options of the client, and from the primary', async () => {
    const id = randomUUID()
    const client = (await database.connect({ promoteValues: false, ignoreUndefined: true })).client
    const db = client.db(database.db.databaseName, { readPreference: 'secondary' })
    const peculiar = mongoAdapter(db)('AuthorizationCode')
    expect(await peculiar.insertUnique(id, { jti: id, iat: 7 }, 60)).toBe(true)
    expect(await peculiar.insertUnique(id, { jti: id, iat: 7 }, 60)).toBe(false)
    await peculiar.consume(id)
    expect(await peculiar.find(id)).toEqual({ jti: id, iat: 7, consumed: expect.any(Number) })
    await expect(peculiar.consume(id)).rejects.toThrow('invalid_grant')
  })

  test('is never read as an expression, nor is what stands beside it', async () => {
    const payload = { jti: '$iat', accountId: '$payload', clientId: '$$ROOT', consumed: '$iat' }
    await adapter('RefreshToken').upsert('$iat', payload, 60)
    expect(await adapter('RefreshToken').find('$iat')).toEqual(payload)
    const document = await database.db.collection('oidc_refresh_token').findOne({ accountId: '$payload' })
    expect(document).toMatchObject({ _id: '$iat', clientId: '$$ROOT', consumed: '$iat' })
  })

  test('tells operators whose it is', async () => {
    const id = randomUUID()
    await adapter('AccessToken').upsert(id, { jti: id, accountId: 'alice', clientId: 'bank', grantId: 'g' }, 60)
    const document = await database.db.collection('oidc_access_token').findOne({ accountId: 'alice', clientId: 'bank' })
    expect(document).toMatchObject({ _id: id, grantId: 'g' })
  })

  test('with look-up fields that are no strings is stored, and found by id only', async () => {
    const metadata = Object({ jti: 'client', uid: { $ne: null }, grantId: 5, userCode: null, iat: 'then' })
    await adapter('Client').upsert('client', metadata)
    expect(await adapter('Client').find('client')).toEqual(metadata)
  })
})
