import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle } from './bundle.js'

const peers = ['openid-client', 'oauth4webapi']

test('less than 8 kB, minified and gzipped, without the peers, and nothing of Node.js', async () => {
  const { files, imports } = await bundle('dist/client/index.js', peers)
  const code = [...files.values()].join('')
  expect(gzipSync(code).length).toBeLessThan(8000)
  expect(imports.toSorted()).toEqual(peers.toSorted())
  expect(code).not.toMatch(/node:|process\.|Buffer|require\(/)
})

test('with the peers it is a bundle without imports', async () => {
  const { files, imports } = await bundle('dist/client/index.js')
  expect(imports.filter((name) => !files.has(name))).toEqual([])
})
