import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../support/database.js'
import { stored } from './deferrals.js'
import { environment, on, packed, start } from './program.js'

describeMongo('export', () => {
  const database = useDatabase()
  const count = 250
  let ids: string[]

  beforeAll(async () => {
    ids = []
    for (let n = 0; n < count; n++) ids.push((await stored(database, { context: { n, text: 'x'.repeat(2000) } })).id)
  })

  const idsIn = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id)

  test('writes a line for each deferral with its history, oldest first, and nothing else into a pipe', async () => {
    const { code, stdout, stderr } = await on(database, ['export'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(idsIn(stdout)).toEqual(ids)
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
      status: 'pending',
      history: [{ event: 'created' }],
    })
  })

  test('begins at a time, and ends before one', async () => {
    expect((await on(database, ['export', '--since', '2999-01-01'])).stdout).toBe('')
    expect((await on(database, ['export', '--until', '2020-01-01T00:00:00Z'])).stdout).toBe('')
    expect(idsIn((await on(database, ['export', '--since', '2020-01-01'])).stdout)).toEqual(ids)
  })

  test('shows progress if stderr is a terminal', async () => {
    const { stderr, stdout } = await on(database, ['export'], { preload: 'process.stderr.isTTY = true' })
    expect(stderr).toBe('\r\x1b[K100 exported\r\x1b[K200 exported\r\x1b[K250 exported\n')
    expect(idsIn(stdout)).toHaveLength(count)
    const both = 'process.stderr.isTTY = true; process.stdout.isTTY = true'
    expect((await on(database, ['export'], { preload: both })).stderr).toBe('')
  })

  test('ends with whole lines and exit code 130 on Ctrl+C', async () => {
    const slow = `const { write } = process.stdout; let n = 0
      process.stdout.write = (text, ...rest) => { if (++n === 5) process.kill(process.pid, 'SIGINT')
        const done = write.call(process.stdout, text, ...rest); setTimeout(() => process.stdout.emit('drain'), 20)
        return n < 5 && done }`
    const { code, stdout, stderr } = await on(database, ['export'], { preload: slow })
    expect(code).toBe(130)
    expect(stderr).toMatch(/interrupted after \d+ deferrals, the export is not complete/)
    expect(stdout.endsWith('\n')).toBe(true)
    const exported = idsIn(stdout)
    expect(exported.length).toBeLessThan(count)
    expect(ids.slice(0, exported.length)).toEqual(exported)
  })

  test('ends quietly with exit code 141 when its reader has enough', async () => {
    const child = start(['export', '--db', database.db.databaseName], { env: environment() })
    let complaints = ''
    child.stderr.on('data', (data) => {
      complaints += data
    })
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const [code] = await once(child, 'close')
    expect({ code, complaints }).toEqual({ code: 141, complaints: '' })
  })

  test.runIf(existsSync('/dev/full'))('says why with exit code 5 when the disk is full', async () => {
    const disk = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [packed, 'export', '--db', database.db.databaseName], {
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...environment() },
      stdio: ['ignore', disk, 'pipe'],
      encoding: 'utf8',
    })
    closeSync(disk)
    expect([status, stderr]).toEqual([5, expect.stringMatching(/^the output cannot be written: ENOSPC: .*\n$/)])
  })

  test('goes on when nobody reads stderr', async () => {
    const program = (args: string[]) => start([...args, '--db', database.db.databaseName], { env: environment() })
    const child = program(['list', '--limit', '1'])
    child.stderr.destroy()
    let stdout = ''
    child.stdout.on('data', (data) => {
      stdout += data
    })
    const [code] = await once(child, 'close')
    expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 2 })
    const wrong = program(['list', '--order', 'random'])
    wrong.stderr.destroy()
    expect((await once(wrong, 'close'))[0]).toBe(2)
  })
})
