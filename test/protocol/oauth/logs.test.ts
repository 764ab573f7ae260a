import { createRequire } from 'node:module'
import { format } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { grants, held, pollDeferral, revoke } from '../../support/deferral.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'

let op: TestProvider
let lines: string[] = []
const streams = [process.stdout, process.stderr]
const originals = streams.map((stream) => stream.write)
const { console } = globalThis
const note = (...args: unknown[]) => void lines.push(format(...args))

interface Log {
  enable(names: string): void
  disable(): string
}

/** What the host and koa write their logs with. */
const hostRequire = createRequire(import.meta.resolve('oidc-provider'))
const logs = ['oidc-provider', 'koa'].map((name): Log => createRequire(hostRequire.resolve(name))('debug'))

beforeAll(async () => {
  for (const log of logs) log.enable('*')
  for (const stream of streams) {
    stream.write = ((text: string | Uint8Array) => {
      lines.push(String(text))
      return true
    }) as typeof stream.write
  }
  globalThis.console = new Proxy(console, { get: () => note })
  process.on('warning', note)
  op = await startProvider({ deferred: { defer: () => true } })
  for (const event of ['grant.error', 'revocation.error', 'server_error', 'grant.success'] as const) {
    op.provider.on(event as 'server_error', (_ctx, error) => {
      lines.push(`${error?.message} ${JSON.stringify(error ?? {})}`)
    })
  }
})

afterAll(async () => {
  for (const log of logs) log.disable()
  globalThis.console = console
  process.off('warning', note)
  for (const [at, stream] of streams.entries()) stream.write = originals[at] as typeof stream.write
  await op.close()
})

test.each(grants)('I-131 I-133 with every log on, no deferral_code of %s is in them, on either side', async (grant) => {
  lines = []
  const rp = relyingParty(op.issuer, 'secret', await dpopKey())
  const [one, other] = [await held(op, rp, grant), await held(op, rp, grant)]
  for (const extras of [{}, {}, { dpop: undefined }]) await pollDeferral(rp, one.deferralCode, {}, extras)
  await pollDeferral(relyingParty(op.issuer, 'other'), one.deferralCode)
  await pollDeferral(rp, one.deferralCode, { scope: 'openid' })
  await op.provider.deferrals.approve(one.id)
  expect((await pollDeferral(rp, one.deferralCode)).status).toBe(200)
  await pollDeferral(rp, one.deferralCode)
  await revoke(rp, other.deferralCode)
  await revoke(relyingParty(op.issuer, 'other'), other.deferralCode)
  const log = lines.join('\n')
  expect(log).toContain('oidc-provider')
  for (const { deferralCode } of [one, other]) {
    expect(log).not.toContain(deferralCode)
    expect(log).not.toContain(deferralCode.slice(22))
  }
})
