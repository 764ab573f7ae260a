import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { checkNames } from '../../lib/cli/doctor/checks.js'
import { missingActions } from '../../lib/cli/doctor/privileges.js'
import { schemaVersion } from '../../lib/mongodb/store/schema.js'
import { createSealer } from '../../lib/notification/sealer.js'
import { describeMongo, type TestDatabase, testDatabase, useDatabase } from '../support/database.js'
import { startMongo } from '../support/mongod.js'
import { issuer } from '../support/records.js'
import { stored, verbsIn } from './deferrals.js'
import { jsonOn, on, run } from './program.js'

interface Found {
  check: string
  isOk: boolean
  says: string
  remedy?: string
}

async function examine(database: TestDatabase, args: string[] = [], setup = {}) {
  const { code, value } = await jsonOn(database, ['doctor', ...args], setup)
  const checks: Found[] = value.checks
  const findings = checks.filter(({ isOk }) => !isOk)
  const of = (name: string) => checks.filter(({ check }) => check === name)
  return { code, healthy: value.healthy as boolean, checks, findings, of }
}

const sealedBy = async (key: string, id: string) =>
  (await createSealer([key])?.seal({ issuer, id, clientId: 'bank' }, { handle: 'handle' })) ?? ''

const newKey = () => randomBytes(32).toString('base64url')
const newId = () => randomBytes(16).toString('base64url')

describeMongo('doctor', () => {
  const databases: TestDatabase[] = []
  const fresh = async () => {
    const database = await testDatabase()
    databases.push(database)
    return database
  }
  afterAll(async () => {
    for (const database of databases) await database.drop()
  })

  test('a deployment in order is healthy', async () => {
    const database = await fresh()
    await stored(database)
    const { code, healthy, findings, checks, of } = await examine(database)
    expect({ code, healthy, findings }).toEqual({ code: 0, healthy: true, findings: [] })
    expect([...new Set(checks.map(({ check }) => check))]).toEqual(checkNames)
    expect(of('server').map(({ says }) => says)).toEqual([
      expect.stringMatching(/^MongoDB \d+\.\d+\.\d+$/),
      expect.stringMatching(/^replica set \S+ with /),
    ])
    const { stdout } = await on(database, ['doctor'])
    expect(stdout).toMatch(/^ok {7}server {9}MongoDB/)
    expect(stdout).toMatch(/\n0 findings\n$/)
  })

  test('an empty database has no collection, and migrate creates it', async () => {
    const database = await fresh()
    const before = await examine(database)
    expect(before.code).toBe(1)
    expect(before.findings.map(({ check }) => check)).toEqual(['schema', 'issuers'])
    expect(before.of('schema')[0]?.says).toContain('does not exist')
    expect(await on(database, ['migrate'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/: version \d+ of the validator\ncreated purge, due, by_phase/),
    })
    expect((await examine(database)).findings.map(({ check }) => check)).toEqual(['issuers'])
    const again = await on(database, ['migrate'], { preload: 'process.stderr.isTTY = true' })
    expect(again.stderr).toBe('\r\x1b[Kcomparing the validator: 0 s\n')
    expect((await on(database, ['migrate'])).stdout).toMatch(/as before\nall indexes were there\n$/)
  })

  test('a missing index, an old validator and one that is not enforced are found', async () => {
    const database = await fresh()
    await stored(database)
    const deferrals = database.db.collection('deferrals')
    await deferrals.dropIndex('by_due')
    const validator = { $jsonSchema: { title: `oidc-provider-deferred ${schemaVersion - 1}` } }
    await database.db.command({ collMod: 'deferrals', validator, validationAction: 'warn' })
    const { code, of } = await examine(database)
    expect(code).toBe(1)
    expect(of('schema')).toMatchObject([
      {
        isOk: false,
        says: `validator of version ${schemaVersion - 1}, this package has ${schemaVersion}`,
        remedy: expect.stringContaining('migrate'),
      },
      { isOk: false, says: 'the validator is not enforced' },
      { isOk: false, says: 'indexes are missing: by_due', remedy: expect.stringContaining('run migrate') },
    ])
    await on(database, ['migrate'])
    expect((await examine(database)).of('schema').filter(({ isOk }) => !isOk)).toHaveLength(1)
  })

  test('without the index of the sweeps it says what it could not look at, and looks at the rest', async () => {
    const database = await fresh()
    await stored(database)
    await database.db.collection('deferrals').dropIndex('due')
    const { of } = await examine(database)
    expect(of('sweeps')).toMatchObject([{ isOk: false, says: expect.stringContaining('could not look') }])
    expect(of('keys')).toHaveLength(1)
  })

  test('overdue deferrals, and those that no node looks after, are found', async () => {
    const database = await fresh()
    await stored(database, { dueIn: 0.001 })
    const late = await stored(database)
    const past = new Date(Date.now() - 600_000)
    await database.db.collection<{ _id: string }>('deferrals').updateOne({ _id: late.id }, { $set: { wakeAt: past } })
    const { of } = await examine(database)
    expect(of('waiting')).toMatchObject([{ isOk: false, says: expect.stringMatching(/2 pending, .*; 1 overdue$/) }])
    expect(of('sweeps')).toMatchObject([
      { isOk: false, says: `${issuer}: ${late.id} should have been looked at 10 min ago` },
    ])
  })

  test('notifications that are retried or have failed are found with their reason', async () => {
    const database = await fresh()
    const verbs = verbsIn(database)
    const end = async (settlement: Parameters<typeof verbs.settleNotification>[2]) => {
      const { id } = await stored(database, { sealing: { sealed: 'a.b.c', delay: 0 } })
      await verbs.decide(id, 'approved', {})
      await verbs.leaseNotification(id, 10, new Date(Date.now() + 1000))
      await verbs.settleNotification(id, 1, settlement)
      return id
    }
    await end({ status: 'delivered', answer: 204 })
    const failed = await end({ status: 'failed', reason: 'the endpoint answered 404', answer: 404 })
    const noKey = 'what is sealed cannot be opened: no key of this node opens it'
    const retried = await end({ status: 'owed', delay: 600, reason: noKey })
    const { code, of } = await examine(database)
    expect(code).toBe(1)
    const found = of('notifications')
    expect(found).toHaveLength(2)
    expect(found).toContainEqual(
      expect.objectContaining({ says: `${issuer}: 1 failed, such as ${failed}: the endpoint answered 404` }),
    )
    expect(found.find(({ says }) => says.includes(retried))).toMatchObject({
      isOk: false,
      says: expect.stringContaining(noKey),
      remedy: expect.stringContaining('give every node every key'),
    })
  })

  test('names the page of the source repository for an unknown reason', async () => {
    const database = await fresh()
    const verbs = verbsIn(database)
    const { id } = await stored(database, { sealing: { sealed: 'a.b.c', delay: 0 } })
    await verbs.decide(id, 'approved', {})
    await verbs.leaseNotification(id, 10, new Date(Date.now() + 1000))
    await verbs.settleNotification(id, 1, { status: 'failed', reason: 'of a later version' })
    const [{ remedy = '' } = {}] = (await examine(database)).of('notifications')
    const [page = ''] = /docs\/\S+\.md/.exec(remedy) ?? []
    expect(existsSync(page)).toBe(true)
    // no page of `docs` is packed
    expect(JSON.parse(readFileSync('package.json', 'utf8')).files).not.toContain('docs')
    expect(remedy).toContain('of the source repository (the package has no docs)')
  })

  test('X-131 pings of CIBA are looked at, and so are their keys', async () => {
    const database = await fresh()
    const [key, id] = [newKey(), newId()]
    await stored(database, { id })
    const reason = 'the endpoint answered 404'
    const ping = {
      status: 'failed',
      reason,
      sealed: await sealedBy(key, id),
      attempts: 1,
      fence: 1,
      notBefore: new Date(),
    }
    await database.db.collection<{ _id: string }>('deferrals').updateOne({ _id: id }, { $set: { ping } })
    const { of } = await examine(database, ['--key-env', 'KEY'], { env: { KEY: key } })
    expect(of('keys')).toMatchObject([{ says: expect.stringMatching(/ is needed by 1 sealed text, it is in KEY$/) }])
    expect(of('notifications')).toMatchObject([{ isOk: false, says: `${issuer}: 1 failed, such as ${id}: ${reason}` }])
  })

  test('the keys that something is sealed with are named by their id', async () => {
    const database = await fresh()
    const [old, current, other] = [newKey(), newKey(), newKey()]
    for (const key of [old, old, current]) {
      const id = newId()
      await stored(database, { id, sealing: { sealed: await sealedBy(key, id), delay: 0 } })
    }
    const task = newId()
    await stored(database, { id: task, taskSealed: await sealedBy(current, task) })
    const without = await examine(database)
    const says = without.of('keys').map((finding) => finding.says)
    expect(says.sort()).toEqual([
      expect.stringMatching(/^[\w-]{16} is needed by 2 sealed texts$/),
      expect.stringMatching(/^[\w-]{16} is needed by 2 sealed texts$/),
    ])
    expect(says[0]).not.toBe(says[1])
    const env = { CURRENT: current, OTHER: other }
    const { of, code } = await examine(database, ['--key-env', 'CURRENT', '--key-env', 'OTHER'], { env })
    expect(code).toBe(1)
    expect(
      of('keys')
        .map(({ isOk, says }) => [isOk, says.replace(/[\w-]{16}/, 'id')])
        .sort(),
    ).toEqual([
      [false, 'id is needed by 2 sealed texts, and none of the given keys'],
      [true, 'id in OTHER: no sealed text in this collection needs it; remove it, unless it is the first key'],
      [true, 'id is needed by 2 sealed texts, it is in CURRENT'],
    ])
    const { stdout, stderr } = await on(database, ['doctor', '--key-env', 'CURRENT'], { env })
    expect(stdout + stderr).not.toContain(current)
    expect(await on(database, ['doctor', '--key-env', 'UNSET'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('UNSET must hold a key, 32 bytes as base64url'),
    })
  })

  test('with a misspelt issuer or collection every key stays', async () => {
    const database = await fresh()
    const [key, id] = [newKey(), newId()]
    await stored(database, { id, sealing: { sealed: await sealedBy(key, id), delay: 0 } })
    const withKey = { env: { KEY: key } }
    const slip = await examine(database, ['--key-env', 'KEY', '--issuer', `${issuer}/`], withKey)
    expect(slip.code).toBe(1)
    expect(slip.findings).toEqual([
      {
        check: 'issuers',
        isOk: false,
        says: `no deferral of ${issuer}/ in ${database.db.databaseName}.deferrals`,
        remedy: `check --issuer: there are deferrals of ${issuer}`,
      },
    ])
    expect(slip.of('keys')).toMatchObject([
      { says: expect.stringMatching(/^[\w-]{16} in KEY: 1 sealed text of another issuer needs it, keep it$/) },
    ])
    const empty = await examine(database, ['--key-env', 'KEY', '--collection', 'deferral'], withKey)
    expect(empty.of('keys')).toMatchObject([{ says: expect.stringMatching(/ in KEY: there is no deferral, keep it$/) }])
  })

  test('a clock that is wrong is found', async () => {
    const database = await fresh()
    const preload = 'const { now } = Date; Date.now = () => now() - 600000'
    const { of } = await examine(database, [], { preload })
    expect(of('clock')).toMatchObject([
      { isOk: false, says: 'this machine is 10 min behind the database', remedy: expect.stringContaining('NTP') },
    ])
  })

  test('a user who may not write is found, and one who may is named', async () => {
    const database = await fresh()
    await stored(database)
    const { db } = database
    const env = (user: string) => {
      const uri = new URL(process.env.DEFERRED_TEST_MONGODB_URI ?? '')
      uri.username = user
      uri.password = 'password'
      uri.pathname = '/'
      uri.searchParams.set('authSource', db.databaseName)
      return { env: { MONGODB_URI: uri.href } }
    }
    const roleOf = async (role: string, actions: string[]) => {
      const resource = { db: db.databaseName, collection: 'deferrals' }
      await db.command({ createRole: role, privileges: [{ resource, actions }], roles: [] })
      await db.command({ createUser: role, pwd: 'password', roles: [role] })
    }
    await roleOf('narrow', ['find', 'insert', 'update'])
    // MongoDB lists collections for a privilege on the whole database only
    await roleOf('watching', ['find', 'insert', 'update', 'changeStream', 'listIndexes', 'listCollections'])
    await db.command({ createUser: 'reader', pwd: 'password', roles: ['read'] })
    await db.command({ createUser: 'writer', pwd: 'password', roles: ['readWrite'] })
    try {
      expect((await examine(database, [], env('reader'))).of('privileges')).toMatchObject([
        { isOk: false, says: `user reader of ${db.databaseName} may not insert, update` },
      ])
      expect((await examine(database, [], env('writer'))).of('privileges')).toMatchObject([
        { isOk: true, says: `user writer of ${db.databaseName} may run nodes, and not migrate: collMod` },
      ])
      expect((await examine(database, [], env('narrow'))).of('privileges')).toEqual([
        {
          check: 'privileges',
          isOk: false,
          says: `user narrow of ${db.databaseName} may not open a change stream (changeStream): a node notices decisions of other nodes up to a second late`,
          remedy: `grant changeStream on ${db.databaseName}.deferrals, or readWrite on ${db.databaseName}`,
        },
        {
          check: 'privileges',
          isOk: false,
          says: `user narrow of ${db.databaseName} may not listIndexes, listCollections: doctor cannot check the schema`,
          remedy: `run doctor as the user who migrates, or grant readWrite on ${db.databaseName}`,
        },
      ])
      expect((await examine(database, [], env('watching'))).of('privileges')).toMatchObject([
        { isOk: false, says: expect.stringContaining('may not listCollections: doctor cannot check the schema') },
      ])
    } finally {
      await db.command({ dropAllUsersFromDatabase: 1 })
      await db.command({ dropAllRolesFromDatabase: 1 })
    }
  })
})

describeMongo('a standalone', () => {
  test('is found', async () => {
    const mongo = await startMongo({ standalone: true })
    try {
      const { code, stdout } = await run(['doctor', '--json'], { env: { MONGODB_URI: mongo.uri } })
      expect(code).toBe(1)
      expect(JSON.parse(stdout).checks).toContainEqual({
        check: 'server',
        isOk: false,
        says: 'standalone: a decision is lost with the disk',
        remedy: 'in production use a replica set',
      })
    } finally {
      await mongo.stop()
    }
  })
})

describe('privileges', () => {
  const actions = ['find', 'insert']

  test.each([
    [{ db: 'op', collection: 'deferrals' }, []],
    [{ db: 'op', collection: '' }, []],
    [{ db: '', collection: '' }, []],
    [{ anyResource: true }, []],
    [{ db: 'op', collection: 'other' }, actions],
    [{ db: 'other', collection: '' }, actions],
    [{}, actions],
  ])('%j', (resource, missing) => {
    expect(missingActions([{ resource, actions }], actions, 'op', 'deferrals')).toEqual(missing)
  })

  test('those of several roles add up', () => {
    const resource = { db: 'op', collection: '' }
    const granted = actions.map((action) => ({ resource, actions: [action] }))
    expect(missingActions(granted, [...actions, 'update'], 'op', 'deferrals')).toEqual(['update'])
  })
})

describeMongo('several issuers', () => {
  const database = useDatabase()

  test('are all looked at, unless one is named', async () => {
    const other = 'https://other.example'
    await stored(database)
    await stored(database, { dueIn: 0.001 }, other)
    const { of } = await examine(database)
    expect(of('waiting').map(({ isOk, says }) => [isOk, says.split(': ')[0]])).toEqual([
      [true, issuer],
      [false, other],
    ])
    expect((await examine(database, ['--issuer', issuer])).code).toBe(0)
  })

  test('a key that another issuer needs is kept', async () => {
    const [mine, other] = [newKey(), newKey()]
    for (const [key, of] of [
      [mine, 'https://mine.example'],
      [other, 'https://yours.example'],
      [other, 'https://theirs.example'],
    ] as const) {
      const id = newId()
      await stored(database, { id, sealing: { sealed: await sealedBy(key, id), delay: 0 } }, of)
    }
    const keysOf = async (...names: string[]) => {
      const args = ['--issuer', 'https://mine.example', ...names.flatMap((name) => ['--key-env', name])]
      const { of } = await examine(database, args, { env: { MINE: mine, OTHER: other } })
      return of('keys').map(({ isOk, says }) => [isOk, says.replace(/[\w-]{16}/, 'id')])
    }
    const needed = [true, 'id is needed by 1 sealed text, it is in MINE']
    expect(await keysOf('MINE')).toEqual([needed])
    expect(await keysOf('MINE', 'OTHER')).toEqual([
      needed,
      [true, 'id in OTHER: 2 sealed texts of other issuers need it, keep it'],
    ])
  })
})
