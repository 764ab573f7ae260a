import { expect, test } from '@jest/globals'
import { Provider } from 'oidc-provider'
import { hello } from 'oidc-provider-deferred'

test('host loads', () => {
  const p = new Provider('http://localhost', {})
  expect(p.issuer).toBe('http://localhost')
  expect(hello).toBe('x')
})
