import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { AuthzenOptions } from 'oidc-provider-deferred/authzen'
import { expect, test } from 'vitest'
import { closeAfterEach, deploy } from './deployment.js'

closeAfterEach()

const fails = (error: unknown) => () => {
  throw error
}
const loopback = { allow: ['127.0.0.1'], ports: [1] }

test.each<[string, Partial<AuthzenOptions>]>([
  ['pdp.example:8443 must use port 443', { pdp: 'https://pdp.example:8443', egress: {} }],
  ['127.0.0.1 must not be at an address that may not be reached', { pdp: 'https://127.0.0.1', egress: {} }],
  [
    'pdp.example resolves to 10.1.2.3, which may not be reached',
    { pdp: 'https://pdp.example', egress: { resolve: () => ['10.1.2.3'] } },
  ],
  ['127.0.0.1:1 gave no usable answer: ECONNREFUSED', { pdp: 'https://127.0.0.1:1', egress: loopback }],
  [
    '127.0.0.1:1 gave no usable answer: UND_ERR_INVALID_ARG',
    { pdp: 'https://127.0.0.1:1', egress: loopback, authenticate: () => ({ authorization: 'Bearer a\nb' }) },
  ],
  ['authenticate failed: no PDP_TOKEN in the vault', { authenticate: fails(new Error('no PDP_TOKEN in the vault')) }],
  [
    'authenticate failed: the vault is sealed',
    { authenticate: () => Promise.reject(new Error('the vault is sealed')) },
  ],
  ['authenticate failed: it took too long', { authenticate: () => new Promise(() => {}), timeout: 200 }],
  ['authenticate failed: unknown', { authenticate: fails(Object.create(null)) }],
])('the alert says why the policy decision point cannot be asked: %s', async (reason, options) => {
  const { rp, alerts, service } = await deploy({ options })
  const { status, body } = await rp.token({ grant_type: 'client_credentials' })
  expect(alerts).toEqual([['the policy decision point cannot be asked', { deferral: expect.any(String), reason }]])
  expect(service.calls).toEqual([])
  // the client learns none of it
  expect([status, body]).toEqual([
    503,
    { error: 'temporarily_unavailable', error_description: 'the policy of this provider cannot be asked now' },
  ])
})

test('credentials that never come do not hold the next request, also after a garbage collection', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let asked = 0
  const authenticate = () => {
    asked += 1
    return asked === 1 ? new Promise<Record<string, string>>(() => {}) : { authorization: 'Bearer a' }
  }
  const { rp } = await deploy({ options: { authenticate, timeout: 500 } })
  const first = rp.token({ grant_type: 'client_credentials' })
  for (let n = 0; n < 10; n++) {
    await pause(20)
    collect()
  }
  expect((await first).status).toBe(503)
  expect((await rp.token({ grant_type: 'client_credentials' })).status).toBe(200)
}, 10_000)
