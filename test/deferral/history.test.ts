import { describe, expect, test } from 'vitest'
import { appended, erasedHistory } from '../../lib/deferral/history.js'
import { cases, historyOf, placesLeft } from '../store/long_histories.js'
import { start } from '../store/new_deferral.js'

describe('a history with one more entry', () => {
  test.each(cases)('%s', (_name, counts, removed) => {
    for (const event of ['progress', 'approved']) {
      const history = historyOf(counts)
      const entry = { at: start, event, writeId: 'new' }
      const after = appended(history, entry)
      expect(after.map(({ writeId }) => writeId)).toEqual([...placesLeft(counts, removed), 'new'])
      expect(history).toEqual(historyOf(counts))
    }
  })
})

describe('a history after an erasure', () => {
  const entry = { at: start, event: 'voted', writeId: 'w', note: 'personal', until: start }
  const left = { at: start, event: 'voted', writeId: 'w' }

  test.each([
    ['no name', undefined, {}],
    ['the erased name', 'mary', {}],
    ['another name', 'kim', { by: 'kim' }],
    ['several names', ['kim', 'mary', 'robin'], { by: ['kim', 'robin'] }],
    ['an array of the erased names', ['mary', 'john'], {}],
    ['one other name in an array', ['kim'], { by: ['kim'] }],
    ['the name in upper case', 'MARY', { by: 'MARY' }],
  ])('keeps of an entry with %s no facts and no erased name', (_what, by, expected) => {
    const history = [{ ...entry, ...(by !== undefined && { by }) }]
    const before = structuredClone(history)
    expect(erasedHistory(history, ['mary', 'john'])).toStrictEqual([{ ...left, ...expected }])
    expect(history).toEqual(before)
  })
})
