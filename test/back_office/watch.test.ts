import { memoryStore } from 'oidc-provider-deferred'
import { afterEach, expect, test, vi } from 'vitest'
import { held } from '../support/deferral.js'
import { withProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'

afterEach(() => void vi.restoreAllMocks())

test.each([
  ['throws', () => expect.fail('the listener throws')],
  ['rejects', async () => expect.fail('the listener rejects')],
])('a listener of watch that %s is warned about, and hears of the next change', async (_name, fail) => {
  const warnings: string[] = []
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)))
  const rejections: unknown[] = []
  const note = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', note)
  await withProvider({ deferred: { store: memoryStore(), defer: () => true } }, async (op) => {
    const heard: string[] = []
    op.provider.deferrals.watch(({ status }) => {
      heard.push(status)
      return fail()
    })
    const { id } = await held(op, relyingParty(op.issuer), 'client_credentials')
    await until(async () => heard.includes('pending'))
    await op.provider.deferrals.approve(id)
    await until(async () => heard.includes('approved'))
  })
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
  expect(warnings.filter((warning) => warning.startsWith('the listener of deferrals.watch failed: '))).not.toEqual([])
})
