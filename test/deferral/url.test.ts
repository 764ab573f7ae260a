import { expect, test } from 'vitest'
import { isUrl } from '../../lib/deferral/url.js'

test('a URL with an umlaut is one after many calls, too', () => {
  // more than it takes until V8 optimizes
  const calls = Array.from({ length: 20_000 }, () => isUrl('https://rp.example/') && isUrl('https://bücher.example/ü'))
  expect(calls.indexOf(false)).toBe(-1)
})

test.each(['', 'rp.example', '/path', 'https://', 'https://rp example/', 'https://rp.example:99999/'])(
  '%j is no URL',
  (text) => {
    expect(isUrl(text)).toBe(false)
  },
)
