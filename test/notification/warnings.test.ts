import { afterEach, expect, test, vi } from 'vitest'
import { rareWarning } from '../../lib/notification/warnings.js'

afterEach(() => void vi.restoreAllMocks())

test.each<[string, unknown, string]>([
  ['an error', new Error('it broke'), 'it broke'],
  ['an error with a cause', new Error('it broke', { cause: new Error('no disk') }), 'it broke: no disk'],
  ['a string', 'broken', 'broken'],
  ['nothing', undefined, 'undefined'],
  ['a value that cannot be converted', Object.create(null), 'the thrown value cannot be shown as text'],
])('a warning about %s', (_name, thrown, text) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  rareWarning('work has to wait')(thrown)
  expect(warn.mock.calls).toEqual([[`work has to wait: ${text}`]])
})
