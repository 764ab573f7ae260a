import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

test('runs on the host it is meant to run on', () => {
  const { version } = createRequire(import.meta.url)('oidc-provider/package.json')
  expect(version).toBe(process.env.HOST_VERSION ?? version)
  expect(version).toMatch(/^9\./)
})
