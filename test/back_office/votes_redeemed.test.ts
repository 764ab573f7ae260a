import { decodeJwt } from 'jose'
import type { Approval, JsonObject } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Asked,
  introspected,
  type Kind,
  kinds,
  startDeciding,
  waitingRequest,
} from '../protocol/oauth/decisions/waiting_request.js'
import type { TestProvider } from '../support/provider.js'
import { jwtApi, opaqueApi } from '../support/resource_servers.js'

let op: TestProvider

// none of them is so short that a random token may contain it
const secrets = ['robin@example.com', 'kim@example.com', 'a note for colleagues', 'why we waited']

beforeAll(async () => {
  const narrow = { payment: (asked: JsonObject, granted: JsonObject) => Number(granted.amount) <= Number(asked.amount) }
  op = await startDeciding({ narrow, defer: () => ({ quorum: 2 }) }, { claims: { openid: ['sub'], email: ['email'] } })
})
afterAll(() => op.close())

/** The two votes, and every answer that the client gets meanwhile. */
async function votedOn(kind: Kind, asked: Asked, [one, other]: [Approval, Approval]) {
  const { deferrals } = op.provider
  const { id, poll } = await waitingRequest(op, kind, asked)
  const pending = [await poll()]
  await deferrals.approve(id, { by: 'robin@example.com', note: 'a note for colleagues', ...one })
  await deferrals.comment(id, { by: 'kim@example.com', text: 'why we waited' })
  op.clock.advance(10)
  pending.push(await poll())
  await deferrals.unvote(id, { by: 'robin@example.com' })
  await deferrals.approve(id, { by: ['robin@example.com'], note: 'a note for colleagues', ...one })
  op.clock.advance(10)
  pending.push(await poll())
  expect(await deferrals.approve(id, { by: 'kim@example.com', note: 'a note for colleagues', ...other })).toMatchObject(
    {
      changed: true,
      deferral: { status: 'approved' },
    },
  )
  op.clock.advance(10)
  const { status, body, headers } = await poll()
  expect({ status, error: body.error, description: body.error_description }).toEqual({ status: 200 })
  return { pending, body, headers }
}

const payment = (amount: number) => ({ type: 'payment', amount })
const account = { type: 'account', actions: ['read', 'list'] }

describe.each(kinds)('tokens of two votes: %s', (kind) => {
  const scope = kind === 'client_credentials' ? 'email payments' : 'openid email payments'

  test('have the scopes that both allow, and nothing of a vote reaches the client', async () => {
    const base = kind === 'client_credentials' ? [] : ['openid']
    const { pending, body, headers } = await votedOn(kind, { scope }, [
      { scope: [...base, 'email'] },
      { scope: [...base, 'payments', 'email'] },
    ])
    expect((await introspected(op, body.access_token)).scope).toBe([...base, 'email'].join(' '))
    const [before] = pending
    for (const answer of pending) expect({ ...answer, headers: {} }).toEqual({ ...before, headers: {} })
    for (const answer of [...pending, { body, headers }])
      for (const secret of secrets) expect(JSON.stringify(answer)).not.toContain(secret)
    expect(JSON.stringify(body)).not.toMatch(/voted|votes|quorum/)
    if (body.id_token)
      for (const secret of secrets) expect(JSON.stringify(decodeJwt(body.id_token))).not.toContain(secret)
  })

  test('of the same key live until the earliest end', async () => {
    const until = (seconds: number) => new Date(op.clock.now().getTime() + seconds * 1000)
    const { body } = await votedOn(kind, { scope }, [{ until: until(110) }, { until: until(80) }])
    // thirty of the eighty are over. The host counts in whole seconds of the real time, and the machine may be slow
    expect(body.expires_in).toBeLessThanOrEqual(50)
    expect(body.expires_in).toBeGreaterThan(40)
  })
})

describe.each(['openid', 'authorization_code'] as const)('what two votes leave: %s', (kind) => {
  const asked = { scope: 'openid read write', resource: [opaqueApi], target: opaqueApi }

  test('authorization details: the equal one, the narrower one, and none that one vote left out', async () => {
    const details = [payment(10), payment(1000), account]
    const { body } = await votedOn(kind, { ...asked, details }, [
      { authorizationDetails: [payment(10), payment(900), account] },
      { authorizationDetails: [payment(1000), account] },
    ])
    const granted = await introspected(op, body.access_token)
    expect(body.authorization_details).toEqual(granted.authorization_details)
    expect(body.authorization_details).toHaveLength(2)
    expect(body.authorization_details).toEqual(expect.arrayContaining([account, payment(900)]))
  })

  test('scopes of a resource server', async () => {
    const { body } = await votedOn(kind, { ...asked, resource: [jwtApi], target: jwtApi }, [
      { scope: ['openid', 'read'] },
      { scope: ['read', 'write'] },
    ])
    expect(decodeJwt(body.access_token)).toMatchObject({ aud: jwtApi, scope: 'read' })
  })

  test('claims', async () => {
    const claims = { id_token: { email: null, email_verified: null } }
    const { body } = await votedOn(kind, { scope: 'openid email', claims }, [
      { claims: { id_token: { email: null } } },
      { claims },
    ])
    const idToken = decodeJwt(body.id_token)
    expect(idToken).toHaveProperty('email')
    expect(idToken).not.toHaveProperty('email_verified')
  })
})
