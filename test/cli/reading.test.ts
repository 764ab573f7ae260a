import { expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../support/database.js'
import { issuer } from '../support/records.js'
import { stored, verbsIn } from './deferrals.js'
import { jsonOn, on } from './program.js'

describeMongo('what the program reads', () => {
  const database = useDatabase()

  test('list shows rows to people, and the page of the library to machines', async () => {
    const { id } = await stored(database, { title: '4,200.00 EUR to Northwind Energy', queue: 'payments', dueIn: 7200 })
    const { code, stdout } = await on(database, ['list', '--queue', 'payments'])
    expect(code).toBe(0)
    const [head, row] = stdout.split('\n')
    expect(head).toMatch(/^ID +STATUS +CREATED +DUE +CLIENT +ACCOUNT +QUEUE +ASSIGNEE +TITLE$/)
    expect(row).toMatch(
      new RegExp(`^${id} +pending +\\d+ s ago +in (2 h|119 min) +bank +alice +payments +4,200.00 EUR`),
    )
    // every column begins below its head
    expect(row?.indexOf('bank')).toBe(head?.indexOf('CLIENT'))
    const { value } = await jsonOn(database, ['list', '--queue', 'payments'])
    expect(value).toEqual({ deferrals: [expect.objectContaining({ id, status: 'pending', queue: 'payments' })] })
  })

  test('list selects, and goes on after a page', async () => {
    const first = await stored(database, { clientId: 'shop' })
    const second = await stored(database, { clientId: 'shop', dueIn: 0.001 })
    await verbsIn(database).decide(first.id, 'denied', { by: 'kim' })
    const ids = async (...args: string[]) => {
      const { value } = await jsonOn(database, ['list', '--client', 'shop', ...args])
      return value.deferrals.map(({ id }: { id: string }) => id)
    }
    expect(await ids('--order', 'oldest')).toEqual([first.id, second.id])
    expect(await ids('--status', 'denied')).toEqual([first.id])
    expect(await ids('--status', 'denied', '--status', 'pending')).toEqual([second.id, first.id])
    expect(await ids('--overdue')).toEqual([second.id])
    expect(await ids('--status', 'pending', '--assignee', '')).toEqual([second.id])
    expect(await ids('--account', 'nobody')).toEqual([])
    const { stderr } = await on(database, ['list', '--client', 'shop', '--limit', '1'])
    const [, cursor = ''] = /^There are more: --cursor (\S+)$/m.exec(stderr) ?? []
    expect(await ids('--cursor', cursor)).toEqual([first.id])
    expect((await on(database, ['list', '--client', 'nobody'])).stdout).toBe('no deferral matches\n')
  })

  test('show and history show one deferral', async () => {
    const { id } = await stored(database, { context: { passport: 'X123' } })
    await verbsIn(database).decide(id, 'approved', { by: 'kim' })
    const shown = await on(database, ['show', id])
    expect(shown.code).toBe(0)
    expect(shown.stdout).toMatch(/^status +approved$/m)
    expect(shown.stdout).toMatch(/^createdAt +\d{4}-\d\d-\d\dT[\d:.]+Z \(\d+ s ago\)$/m)
    expect(shown.stdout).toContain('"passport": "X123"')
    expect((await jsonOn(database, ['show', id])).value).toMatchObject({ id, decision: { by: 'kim' } })
    const { stdout } = await on(database, ['history', id])
    expect(stdout).toMatch(/^AT +EVENT +BY +FACTS\n\S+Z +created\n\S+Z +approved +kim/)
    const { value } = await jsonOn(database, ['history', id])
    expect(value.history.map(({ event }: { event: string }) => event)).toEqual(['created', 'approved'])
  })

  test('an ID may begin with a hyphen', async () => {
    for (const id of ['-AAAAAAAAAAAAAAAAAAAAA', '--AAAAAAAAAAAAAAAAAAAA']) {
      await stored(database, { id })
      expect((await jsonOn(database, ['show', id])).value.id).toBe(id)
    }
  })

  test('an unknown ID has an exit code of its own', async () => {
    await stored(database)
    expect(await on(database, ['show', 'unknown'])).toMatchObject({ code: 3, stderr: 'no deferral has this id\n' })
    expect(await on(database, ['comment', 'unknown', '--by', 'kim', '--text', 'x'])).toMatchObject({ code: 3 })
  })

  test('an issuer without a deferral is wrong usage, where others have some', async () => {
    await stored(database)
    const misspelt = `${issuer}/`
    const stderr = expect.stringContaining(`deferrals has no deferral of ${misspelt}, give another --issuer: ${issuer}`)
    for (const command of [['list'], ['export'], ['stats'], ['erase', '--account', 'erin', '--yes']])
      expect(await on(database, [...command, '--issuer', misspelt])).toMatchObject({ code: 2, stdout: '', stderr })
    const emptyPlace = ['list', '--collection', 'empty', '--issuer', issuer]
    expect(await on(database, emptyPlace)).toMatchObject({ code: 0, stdout: 'no deferral matches\n' })
  })

  test('stats counts by queue', async () => {
    const { stdout, code } = await on(database, ['stats'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^QUEUE +PENDING +OVERDUE +OLDEST\npayments +1 +0 +\d+ s ago\nall +\d+ +\d+ +\d+ s ago\n$/)
    const { value } = await jsonOn(database, ['stats'])
    expect(value).toMatchObject({ pending: expect.any(Number), byQueue: { payments: { pending: 1 } } })
  })
})

describeMongo('the issuer', () => {
  const database = useDatabase()
  const list = ['list', '--json']

  test('is found if there is one, and has to be named otherwise', async () => {
    const empty = await on(database, list)
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('deferrals has no deferral, check --db') })
    await stored(database)
    expect((await jsonOn(database, ['list'])).value.deferrals).toHaveLength(1)
    const other = await stored(database, {}, 'https://other.example')
    const { code, stderr } = await on(database, list)
    expect(code).toBe(2)
    expect(stderr).toContain(`give --issuer: ${issuer}, https://other.example`)
    const { value } = await jsonOn(database, ['list', '--issuer', 'https://other.example'])
    expect(value.deferrals).toEqual([expect.objectContaining({ id: other.id })])
  })
})
