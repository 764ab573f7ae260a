import { expect, test } from 'vitest'
import { table } from '../../lib/cli/table.js'
import { widthOf } from '../../lib/cli/width.js'

test('columns are aligned by the places that characters take', () => {
  const lines = table(
    ['NAME', 'TITLE'],
    [
      ['日本', 'a'],
      ['e\u0301e\u0301', 'b'],
      ['🙂', 'c'],
      ['plain', 'd'],
    ],
  )
  expect(lines).toEqual(['NAME   TITLE', '日本   a', 'e\u0301e\u0301     b', '🙂     c', 'plain  d'])
})

test('the last column is cut to the terminal, and to nothing in a pipe', () => {
  const rows = [['id', '日本語'.repeat(20)]]
  const [, cut = ''] = table(['ID', 'TITLE'], rows, 20)
  expect(widthOf(cut)).toBeLessThanOrEqual(20)
  expect(cut.endsWith('…')).toBe(true)
  expect(table(['ID', 'TITLE'], rows)[1]).toContain('日本語'.repeat(20))
})
