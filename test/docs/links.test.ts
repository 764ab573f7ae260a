import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { brokenLinks, headingsOf } from './links.js'
import { readPages } from './pages.js'

const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] }
// npm packs these by itself
const packed = [...files, 'README.md', 'LICENSE', 'package.json']

/** The paths that CONTRIBUTING.md lists as to be made absolute. */
function listed(): string[] {
  const [, before = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split('## Before the first release')
  const [, links = ''] = before.split('links that lead out of the package')
  return [...(links.split('\n- ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path)
}

test.each(readPages())('$path: its links lead somewhere', (page) => {
  expect(brokenLinks(page, [...packed, ...listed()])).toEqual([])
})

test('a link that leads nowhere is found', () => {
  const text =
    '[a](LICENSE) [b](README.md#no-such) [c](gone.md) [d](tsconfig.json) <img src="gone.png"> [e](#one)\n# One'
  const faults = brokenLinks({ path: 'planted.md', text }, packed).map((fault) => fault.split(': ').slice(1).join(': '))
  expect(faults).toEqual([
    'README.md#no-such: there is no such heading',
    'gone.md: there is no such file',
    'tsconfig.json: is not in the package',
    'gone.png: there is no such file',
    '#one: there is no such file',
  ])
})

test('headings become anchors as on GitHub', () => {
  const text = '# One, `two` & [three](x)\n## Keys\n```sh\n# not this\n```\n## Keys\n### provider.deferrals'
  expect(headingsOf(text)).toEqual(['one-two--three', 'keys', 'keys-1', 'providerdeferrals'])
})
