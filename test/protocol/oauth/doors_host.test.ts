import { type Adapter, Provider as Host } from 'oidc-provider'
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
import { configure, install, memoryStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { authorizationCode, redeem } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { withProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { ciba, device, everyDoor } from './doors.js'

test('a code that is used again while defer decides yields tokens once, on an adapter that consumes twice as well', async () => {
  const inner = memoryAdapter()
  const lenient = (name: string): Adapter => {
    const model = inner(name)
    const consume = async (id: string) => model.consume(id).catch(() => undefined)
    return name === 'AuthorizationCode' ? { ...model, consume } : model
  }
  let second: Promise<unknown> | undefined
  let again: () => Promise<unknown> = async () => undefined
  const defer = async () => {
    const isFirst = !second
    second ??= again()
    if (isFirst) await second
    return false
  }
  await withProvider({ configuration: { adapter: lenient }, deferred: { defer } }, async (at) => {
    const rp = relyingParty(at.issuer)
    const code = await authorizationCode(rp)
    again = async () => redeem(rp, code)
    expect((await redeem(rp, code)).body.error).toBe('invalid_grant')
    expect(await second).toMatchObject({ status: 200 })
  })
})

test('without defer the doors of the host are its own', () => {
  const handlers = (options: object) => {
    const provider = new Host('https://op.example', configure(everyDoor, options))
    const { grantTypeHandlers } = (instance as (of: object) => { grantTypeHandlers: Map<string, unknown> })(provider)
    const before = [device, ciba].map((name) => grantTypeHandlers.get(name))
    install(provider, options)
    return [device, ciba].map((name, at) => grantTypeHandlers.get(name) === before[at])
  }
  expect(handlers({ store: memoryStore() })).toEqual([true, true])
  expect(handlers({ store: memoryStore(), defer: () => false })).toEqual([false, false])
})
