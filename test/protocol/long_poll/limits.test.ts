import { memoryStore } from 'oidc-provider-deferred'
import { describe, expect, test } from 'vitest'
import { preferredWait } from '../../../lib/protocol/long_poll.js'
import { memoryAdapter } from '../../support/memory_adapter.js'
import { withProvider } from '../../support/provider.js'
import { until } from '../../support/receiver.js'
import { relyingParty } from '../../support/relying_party.js'
import { useProvider } from '../../support/use_provider.js'
import { applied, moment, pendingOf, pollParams, profiles } from './held_polls.js'

const defer = () => true
const metadata = async (issuer: string) => (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
const name = 'deferred_long_poll_seconds'

describe('with longPoll', () => {
  const op = useProvider({ deferred: { defer, longPoll: { seconds: 1, waiters: 2 } } })

  test('discovery says for how long', async () => {
    expect(await metadata(op.issuer)).toHaveProperty(name, 1)
  })

  test('a poll is not held longer', async () => {
    const { poll } = await pendingOf(op, 'openid')
    const answer = await poll(60)
    expect(applied(answer)).toBe('wait=1')
    expect(answer.took).toBeLessThan(10)
  })

  test.each([undefined, 0, 'soon', '-1', '1.5'])('a poll that does not ask is not held: wait=%s', async (seconds) => {
    const { poll } = await pendingOf(op, 'openid')
    const answer = await poll(seconds)
    expect(answer.body.error).toBe('authorization_pending')
    expect(applied(answer)).toBeNull()
  })

  test.each(profiles)('a handle that is unknown, or of another client, is not held (%s)', async (profile) => {
    const { handle } = await pendingOf(op, profile)
    const other = relyingParty(op.issuer, 'other')
    for (const sent of [handle, `${handle.slice(0, 22)}${'A'.repeat(43)}`, `${'A'.repeat(65)}`]) {
      const answer = await other.token(pollParams(profile, sent), { headers: { prefer: 'wait=60' } })
      expect(answer.body.error).toBe('invalid_grant')
      expect(applied(answer)).toBeNull()
    }
  })
})

describe('the places of a node', () => {
  const op = useProvider({ deferred: { defer, longPoll: { seconds: 20, waiters: 1 } } })

  test('a poll without a place is answered at once, and a client that goes away frees its place', async () => {
    const [first, second] = [await pendingOf(op, 'oauth'), await pendingOf(op, 'oauth')]
    const gone = new AbortController()
    const request = fetch(`${op.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams(pollParams('oauth', first.handle)),
      headers: { authorization: `Basic ${btoa('secret:a%20secret%20of%20the%20client')}`, prefer: 'wait=20' },
      signal: gone.signal,
    }).catch(() => 'gone')
    await moment()
    const refused = await second.poll(20)
    expect(refused.body.error).toBe('authorization_pending')
    expect(applied(refused)).toBeNull()
    gone.abort()
    expect(await request).toBe('gone')
    await until(async () => {
      op.clock.advance(5)
      return applied(await second.poll(1)) === 'wait=1'
    })
    // what it has not got is still there
    await op.provider.deferrals.approve(first.id)
    op.clock.advance(5)
    expect((await first.poll()).status).toBe(200)
  })
})

test('close answers as pending, and nobody is held any more', async () => {
  await withProvider({ deferred: { defer, longPoll: { seconds: 20 } } }, async (op) => {
    const [first, second] = [await pendingOf(op, 'openid'), await pendingOf(op, 'oauth')]
    const answer = first.poll(20)
    await moment()
    await op.provider.deferrals.close()
    expect((await answer).body.error).toBe('authorization_pending')
    expect((await answer).took).toBeLessThan(10)
    expect(applied(await second.poll(20))).toBeNull()
  })
})

test('without the option nothing is held, and discovery has no word of it', async () => {
  await withProvider({ deferred: { defer } }, async (op) => {
    const { poll } = await pendingOf(op, 'openid')
    expect(applied(await poll(20))).toBeNull()
    expect(await metadata(op.issuer)).not.toHaveProperty(name)
  })
})

test('a client that was removed meanwhile gets no tokens', async () => {
  const adapter = memoryAdapter()
  const client = {
    client_id: 'stored',
    client_secret: 'a secret of it',
    token_endpoint_auth_method: 'client_secret_post',
  }
  const grants = ['client_credentials', 'urn:ietf:params:oauth:grant-type:deferred']
  await adapter('Client').upsert(
    'stored',
    { ...client, grant_types: grants, response_types: [], redirect_uris: [] } as never,
    0,
  )
  await withProvider({ configuration: { adapter }, deferred: { defer, longPoll: { seconds: 20 } } }, async (op) => {
    const rp = relyingParty(op.issuer, 'stored')
    const { client_secret } = client
    const params = { grant_type: 'client_credentials', completion_mode: 'deferred', client_secret }
    const { body } = await rp.token(params)
    const answer = rp.token(
      { ...pollParams('oauth', body.deferral_code), client_secret },
      { headers: { prefer: 'wait=20' } },
    )
    await moment()
    await adapter('Client').destroy('stored')
    await op.provider.deferrals.approve(body.deferral_code.slice(0, 22))
    expect(await answer).toMatchObject({ status: 400, body: { error: 'access_denied' } })
  })
})

describe('another node decides', () => {
  const deferred = { defer, longPoll: { seconds: 20 } }

  test('a poll here is answered', async () => {
    const [store, adapter] = [memoryStore(), memoryAdapter()]
    await withProvider({ configuration: { adapter }, deferred: { ...deferred, store } }, async (op) => {
      const options = {
        issuer: op.issuer,
        clock: op.clock,
        configuration: { adapter },
        deferred: { ...deferred, store },
      }
      await withProvider(options, async (other) => {
        const { id, poll } = await pendingOf(op, 'oauth')
        const answer = poll(20)
        await moment()
        await other.provider.deferrals.approve(id)
        expect(await answer).toMatchObject({ status: 200 })
        expect((await answer).took).toBeLessThan(3)
      })
    })
  })

  test('without a watch it is answered as soon as it would have polled', async () => {
    const { watch, ...store } = memoryStore()
    const adapter = memoryAdapter()
    const blind = { ...deferred, store, interval: 1 }
    await withProvider({ configuration: { adapter }, deferred: blind }, async (op) => {
      const options = { issuer: op.issuer, clock: op.clock, configuration: { adapter }, deferred: blind }
      await withProvider(options, async (other) => {
        const { id, poll } = await pendingOf(op, 'oauth')
        const answer = poll(20)
        await moment()
        await other.provider.deferrals.deny(id)
        expect((await answer).body.error).toBe('access_denied')
        expect((await answer).took).toBeLessThan(10)
      })
    })
  })

  test('between the read of a poll and its wait, the poll is answered', async () => {
    const inner = memoryStore()
    let decide = async () => {}
    const store = {
      ...inner,
      async find(...args: Parameters<typeof inner.find>) {
        const found = await inner.find(...args)
        await decide()
        return found
      },
    }
    await withProvider({ deferred: { ...deferred, store } }, async (op) => {
      const { id, poll } = await pendingOf(op, 'oauth')
      decide = async () => {
        decide = async () => {}
        await op.provider.deferrals.approve(id)
      }
      const answer = await poll(20)
      expect(answer.status).toBe(200)
      expect(answer.took).toBeLessThan(10)
    })
  })

  test('a poll right after the decision is not refused from memory', async () => {
    const [store, adapter] = [memoryStore(), memoryAdapter()]
    await withProvider({ configuration: { adapter }, deferred: { defer, store } }, async (op) => {
      const options = { issuer: op.issuer, clock: op.clock, configuration: { adapter }, deferred: { defer, store } }
      await withProvider(options, async (other) => {
        const { id, poll } = await pendingOf(op, 'oauth')
        expect((await poll()).body.error).toBe('authorization_pending')
        expect((await poll()).body.error).toBe('slow_down')
        await other.provider.deferrals.approve(id)
        expect((await poll()).status).toBe(200)
      })
    })
  })
})

test.each([
  ['wait=10', 10],
  ['Wait = 10', 10],
  ['respond-async, wait=10', 10],
  ['wait=10; foo="a, b", handling=lenient', 10],
  ['wait="10"', 10],
  ['wait=5, wait=10', 5],
  ['foo="a, wait=9", wait=3', 3],
  ['waits=10', 0],
  ['wait', 0],
  ['wait=1.5', 0],
  ['', 0],
  [`${'a'.repeat(300)}, wait=10`, 0],
])('Prefer: %s', (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds)
})
