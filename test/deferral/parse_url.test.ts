import { expect, test } from 'vitest'
import { parseUrl } from '../../lib/deferral/parse_url.js'

test('a URL with an umlaut is parsed after many calls, too', () => {
  // more than it takes until V8 optimizes
  const hosts = Array.from({ length: 20_000 }, () => parseUrl('https://bücher.example/ü')?.host)
  expect(new Set(hosts)).toEqual(new Set(['xn--bcher-kva.example']))
})

test.each(['', 'rp.example', '/path', 'https://', 'https://rp example/', 'https://rp.example:99999/'])(
  '%j is no URL',
  (text) => {
    expect(parseUrl(text)).toBeUndefined()
  },
)
