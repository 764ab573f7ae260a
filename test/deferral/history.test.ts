import { describe, expect, test } from 'vitest'
import { appended } from '../../lib/deferral/history.js'
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
