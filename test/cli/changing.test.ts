import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../support/database.js'
import { deferralsOf } from '../support/office.js'
import { issuer } from '../support/records.js'
import { stored, verbsIn } from './deferrals.js'
import { inTerminal, jsonOn, on } from './program.js'

describeMongo('what the program changes', () => {
  const database = useDatabase()
  const find = (id: string) => verbsIn(database).find(id)
  const sealing = { sealed: 'a.b.c', delay: 0 }

  test('approve decides as the back office does: the notification is owed in the same write', async () => {
    const { id } = await stored(database, { sealing })
    const { code, stdout, stderr } = await on(database, ['approve', id, '--by', 'kim', '--note', 'checked', '--yes'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id}: approved\n` })
    expect(stderr).toContain('neither narrow nor mayDecide is asked')
    const record = await find(id)
    expect(record).toMatchObject({ status: 'approved', decision: { by: 'kim', note: 'checked' } })
    expect(record?.notification).toMatchObject({ status: 'owed' })
    expect(record?.wakeAt).toEqual(record?.notification?.due)
  })

  test('a second decision changes nothing, and names the winner', async () => {
    const { id } = await stored(database)
    expect(await on(database, ['deny', id, '--by', 'kim', '--reason', 'no', '--yes'])).toMatchObject({ code: 0 })
    const late = await on(database, ['approve', id, '--by', 'robin', '--yes'])
    expect(late.code).toBe(1)
    expect(late.stdout).toMatch(/nothing changed, it is denied by kim since \d{4}-/)
    expect(await find(id)).toMatchObject({ status: 'denied', decision: { by: 'kim', description: 'no' } })
  })

  test('with a quorum an approval is a vote', async () => {
    const { id } = await stored(database, { quorum: 2 })
    expect((await on(database, ['approve', id, '--by', 'kim', '--yes'])).stdout).toBe(`${id}: 1 of 2 votes\n`)
    const { value } = await jsonOn(database, ['approve', id, '--by', 'robin', '--yes'])
    expect(value).toMatchObject({ changed: true, deferral: { status: 'approved' } })
  })

  test.each([
    ['approve', '--by', 'kim'],
    ['deny', '--by', 'kim', '--reason', 'no'],
    ['cancel', '--by', 'kim'],
  ])('%s refuses where nobody can be asked, unless --yes', async (verb, ...options) => {
    const { id } = await stored(database)
    const { code, stderr } = await on(database, [verb, id, ...options])
    expect(code).toBe(2)
    expect(stderr).toContain('give --yes where nobody can be asked')
    expect(await find(id)).toMatchObject({ status: 'pending', revision: 0 })
  })

  test.each([
    ['y\n', 0, 'approved'],
    ['yes\n', 0, 'approved'],
    ['\n', 1, 'pending'],
    ['n\n', 1, 'pending'],
    ['', 1, 'pending'],
    ['y', 0, 'approved'],
  ])('on a terminal %j is the answer to the question', async (input, code, status) => {
    const { id } = await stored(database, { title: 'a title' })
    const ended = await on(database, ['approve', id, '--by', 'kim'], { input, preload: inTerminal })
    expect(ended.code).toBe(code)
    expect(ended.stderr).toContain(
      `approve ${id}\n  title: a title\n  client: bank\n  account: alice\n  scope: payments\nThe rules`,
    )
    expect(await find(id)).toMatchObject({ status })
  })

  test('the question shows all that the tokens may carry, and the votes that are there', async () => {
    const { id } = await stored(database, {
      resource: ['https://api.example', 'https://pay.example'],
      authorizationDetails: [{ type: 'payment', amount: 4200 }],
      claims: { userinfo: { phone_number: null } },
      quorum: 3,
    })
    const question = async () =>
      (await on(database, ['approve', id, '--by', 'kim'], { input: 'n\n', preload: inTerminal })).stderr
    const facts = [
      '  scope: payments',
      '  resource: https://api.example https://pay.example',
      '  details: [{"type":"payment","amount":4200}]',
      '  claims: {"userinfo":{"phone_number":null}}',
    ]
    expect(await question()).toContain([...facts, '  votes: 0 of 3', 'The rules'].join('\n'))
    await on(database, ['approve', id, '--by', 'robin', '--note', 'a note', '--yes'])
    const deferrals = deferralsOf(mongoStore(database.db), issuer, () => new Date())
    await deferrals.approve(id, { by: ['lee', 'max'], resource: ['https://api.example'] })
    const votes = '  votes: 2 of 3; robin grants everything; lee, max grants {"resource":["https://api.example"]}'
    expect(await question()).toContain([...facts, votes, 'The rules'].join('\n'))
  })

  test('cancel takes an approval back', async () => {
    const { id } = await stored(database)
    await verbsIn(database).decide(id, 'approved', { by: 'kim' })
    expect(await on(database, ['cancel', id, '--by', 'robin', '--yes'])).toMatchObject({ code: 0 })
    expect(await find(id)).toMatchObject({ status: 'cancelled', cancelledBy: 'robin' })
  })

  test('assign and comment are written for colleagues', async () => {
    const { id } = await stored(database)
    expect(await on(database, ['assign', id, '--to', 'kim', '--for', '60'])).toMatchObject({
      code: 0,
      stdout: `${id}: assigned to kim\n`,
    })
    const taken = await on(database, ['assign', id, '--to', 'robin'])
    expect(taken).toMatchObject({ code: 1, stdout: expect.stringContaining('assigned to kim') })
    expect(await on(database, ['assign', id, '--to', 'robin', '--from', 'kim'])).toMatchObject({ code: 0 })
    expect(await on(database, ['comment', id, '--by', 'kim', '--text', 'called alice'])).toMatchObject({ code: 0 })
    const { value } = await jsonOn(database, ['history', id])
    expect(value.history.at(-1)).toMatchObject({ event: 'commented', by: 'kim', text: 'called alice' })
  })

  test('replay schedules a failed notification', async () => {
    const { id } = await stored(database, { sealing })
    const verbs = verbsIn(database)
    await verbs.decide(id, 'approved', {})
    await verbs.leaseNotification(id, 10, new Date(Date.now() + 1000))
    await verbs.settleNotification(id, 1, { status: 'failed', reason: 'the endpoint answered 404' })
    expect(await on(database, ['replay', id, '--by', 'kim'])).toMatchObject({
      code: 0,
      stdout: `${id}: its notification is owed\n`,
    })
    expect((await find(id))?.notification).toMatchObject({ status: 'owed', attempts: 0 })
    const without = await stored(database)
    expect(await on(database, ['replay', without.id])).toMatchObject({
      code: 1,
      stdout: `${without.id}: nothing changed, it has no notification\n`,
    })
  })

  test('erase erases an account, with progress on a terminal and none in a pipe', async () => {
    const accounts = ['carol', 'dave']
    for (const accountId of accounts)
      for (let n = 0; n < 3; n++) await stored(database, { accountId, title: 'private' })
    const piped = await on(database, ['erase', '--account', 'carol', '--by', 'kim', '--yes'])
    expect(piped).toEqual({ code: 0, stdout: '3 erased\n', stderr: '' })
    const shown = await on(database, ['erase', '--account', 'dave'], { input: 'y\n', preload: inTerminal })
    expect(shown.stderr).toContain('erase the personal data of dave')
    expect(shown.stderr).toContain('\r\x1b[K3 erased')
    expect(await database.db.collection('deferrals').countDocuments({ title: 'private' })).toBe(0)
    expect((await on(database, ['erase', '--account', 'alice'])).code).toBe(2)
  })

  test('an erasure that erases nothing changes nothing: not again, not a misspelt account', async () => {
    await stored(database, { accountId: 'erin' })
    const nothing = (account: string) => ({
      code: 1,
      stdout: `0 erased: no deferral of ${account} at ${issuer} has personal data\n`,
    })
    const erase = (account: string) => on(database, ['erase', '--account', account, '--issuer', issuer, '--yes'])
    expect(await erase('Erin')).toMatchObject(nothing('Erin'))
    expect(await erase('erin')).toMatchObject({ code: 0, stdout: '1 erased\n' })
    expect(await erase('erin')).toMatchObject(nothing('erin'))
    const { code, value } = await jsonOn(database, ['erase', '--account', 'erin', '--issuer', issuer, '--yes'])
    expect([code, value]).toEqual([1, { erased: 0 }])
  })

  test('a wrong value is refused as the back office refuses it', async () => {
    const { id } = await stored(database)
    const long = await on(database, ['comment', id, '--by', 'kim', '--text', 'x'.repeat(2001)])
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining('comment: text') })
    expect(await on(database, ['list', '--order', 'random'])).toMatchObject({ code: 2 })
  })
})
