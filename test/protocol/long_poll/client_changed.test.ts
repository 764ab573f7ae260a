import type { AdapterPayload } from 'oidc-provider'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clients } from '../../support/clients.js'
import { held, pollDeferral } from '../../support/deferral.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'
import { moment } from './held_polls.js'

const adapter = memoryAdapter()
const [secret] = clients
const without = (name: string) => ({ grant_types: secret?.grant_types?.filter((other) => other !== name) })
const store = (changes: object = {}) =>
  adapter('Client').upsert('secret', { ...secret, ...changes } as AdapterPayload, 0)
let op: TestProvider

beforeAll(async () => {
  op = await startProvider({
    configuration: { adapter, clients: [] },
    deferred: { defer: () => true, longPoll: { seconds: 20 } },
  })
})
afterAll(() => op.close())
beforeEach(() => store())

/** A held poll of a request of the client for itself, and the next poll. */
async function heldPoll() {
  const rp = relyingParty(op.issuer)
  const { id, deferralCode } = await held(op, rp, 'client_credentials', { params: { scope: 'payments' } })
  const poll = pollDeferral(rp, deferralCode, {}, { headers: { prefer: 'wait=20' } })
  await moment()
  return { id, poll, next: () => pollDeferral(rp, deferralCode) }
}

describe('while a poll is held', () => {
  test.each([
    ['loses the grant', without('client_credentials'), 'access_denied'],
    ['may have fewer scopes', { scope: 'openid' }, 'access_denied'],
    ['has another secret', { client_secret: 'another secret of the client' }, 'invalid_client'],
  ])('a client that %s gets no tokens', async (_name, changes, error) => {
    const { id, poll, next } = await heldPoll()
    await store(changes)
    await op.provider.deferrals.approve(id)
    expect(await poll).toMatchObject({ status: 400, body: { error: 'authorization_pending' } })
    op.clock.advance(5)
    expect((await next()).body.error).toBe(error)
  })

  test('a client stored again unchanged gets its tokens', async () => {
    const { id, poll } = await heldPoll()
    await store({ ...JSON.parse(JSON.stringify(secret)) })
    await op.provider.deferrals.approve(id)
    expect((await poll).body.scope).toBe('payments')
  })
})
