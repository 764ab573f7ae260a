import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { progressText, sanitise } from '../../lib/deferral/error_description.js'

// RFC 6749, section 5.2
const descriptionCharacters = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/

describe('O-078 C46 C47 text from a reviewer', () => {
  test.each([
    ['the identity check is running', 'the identity check is running'],
    ['two\nlines\r\nand\ta tab', 'two lines and a tab'],
    ['a "quoted" word', "a 'quoted' word"],
    ['a “typographic” quote, an apostrophe’s', "a 'typographic' quote, an apostrophe's"],
    ['C:\\path', 'C:path'],
    ['Zoë’s café', "Zoe's cafe"],
    ['done \u{1f389} now', 'done  now'],
    ['\u0000\u001b[31mred\u007f', '[31mred'],
    ['\u200Ehidden direction\u202E', 'hidden direction'],
    ['   around   ', 'around'],
    ['審査中', ''],
    ['', ''],
  ])('%j reads %j', (text, expected) => {
    expect(sanitise(text)).toBe(expected)
  })

  test('is never longer than 256 characters', () => {
    expect(sanitise('x'.repeat(10_000))).toHaveLength(256)
    // one character that becomes eighteen
    expect(sanitise('\ufdfa'.repeat(10_000)).length).toBeLessThanOrEqual(256)
  })

  test('never leaves the characters that error_description may have', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const clean = sanitise(text)
        expect(clean).toMatch(descriptionCharacters)
        expect(clean.length).toBeLessThanOrEqual(256)
      }),
      { numRuns: 2000 },
    )
  })

  test('that is clean already stays as it is', () => {
    const word = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,20}$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 10 }), (words) => {
        expect(sanitise(words.join(' '))).toBe(words.join(' '))
      }),
    )
  })
})

describe('O-067 progress', () => {
  test.each([
    [{ step: 'review' }, 'step=review'],
    [{ step: 'review', position: 3 }, 'step=review; position=3'],
    [{ step: 'review', estimate: 3600 }, 'step=review; estimate=3600'],
    [{ step: 'review', position: 0, estimate: 0 }, 'step=review; position=0; estimate=0'],
    [{ step: 'identity "check"\n', position: 3, estimate: 60 }, "step=identity 'check'; position=3; estimate=60"],
    [{ step: 'review; position=1; estimate=0', position: 9 }, 'step=review, position:1, estimate:0; position=9'],
    [{ step: 'review\uff1b position\uff1d1' }, 'step=review, position:1'],
    [{ step: '\u5be9\u67fb', position: 3 }, 'position=3'],
    [{ step: '\u5be9\u67fb' }, ''],
  ])('%j reads %j', (progress, expected) => {
    expect(progressText(progress)).toBe(expected)
  })
})
