import { expect, test } from 'vitest'
import { describeMongo, useDatabase } from '../support/database.js'
import { stored, verbsIn } from './deferrals.js'
import { inTerminal, on } from './program.js'

// erases the screen, changes the title of the window, in 8 bits, rings, turns around, hides, and begins another line
const hostile =
  'pay\x1b[2J\x1b]0;owned\x07\u009b31m\x9d0;owned\x9c\rno\u202egnp.exe\u200b\u2066x\u2028y\u{e0041}\x7f\nFINDING fake'
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const dangerous = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u{e0000}-\u{e007f}]/u

describeMongo('texts of clients', () => {
  const database = useDatabase()

  async function hostileDeferral() {
    const { id } = await stored(database, {
      title: hostile,
      clientId: hostile,
      accountId: hostile,
      queue: hostile,
      scope: ['payments', hostile],
      authorizationDetails: [{ type: hostile }],
      context: { [hostile]: hostile },
    })
    await verbsIn(database).decide(id, 'denied', { by: hostile, note: hostile })
    return id
  }

  test.each(['list', 'show', 'history', 'stats', 'deny', 'cancel', 'comment', 'doctor', 'export'])(
    '%s shows no control character, for people and for machines',
    async (verb) => {
      const id = await hostileDeferral()
      const options: Record<string, string[]> = {
        show: [id],
        history: [id],
        deny: [id, '--by', 'kim', '--reason', 'no', '--yes'],
        cancel: [id, '--by', hostile, '--yes'],
        comment: [id, '--by', 'kim', '--text', hostile],
      }
      for (const json of [[], ['--json']]) {
        const { stdout, stderr } = await on(database, [verb, ...(options[verb] ?? []), ...json])
        expect(stdout).not.toBe('')
        expect(stdout).not.toMatch(dangerous)
        expect(stderr).not.toMatch(dangerous)
        expect(stdout + stderr).not.toMatch(/^FINDING fake/m)
      }
    },
  )

  test('the question shows none', async () => {
    const { id } = await stored(database, {
      title: hostile,
      accountId: hostile,
      resource: [hostile],
      authorizationDetails: [{ type: hostile }],
      claims: { userinfo: { [hostile]: null } },
      quorum: 2,
    })
    const { stderr } = await on(database, ['approve', id, '--by', 'kim'], { input: 'n\n', preload: inTerminal })
    expect(stderr).toContain('approve it all the same?')
    expect(stderr).not.toMatch(dangerous)
    expect(stderr).not.toMatch(/^FINDING fake/m)
  })

  test('neither does a message about an argument', async () => {
    const { stderr } = await on(database, [hostile])
    expect(stderr).toContain('is not a command')
    expect(stderr).not.toMatch(dangerous)
  })

  test('JSON is the same value', async () => {
    const id = await hostileDeferral()
    const { stdout } = await on(database, ['show', id, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ title: hostile, context: { [hostile]: hostile } })
  })
})
