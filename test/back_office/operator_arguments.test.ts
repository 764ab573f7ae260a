import type { Deferrals } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'

let op: TestProvider
let deferrals: Deferrals

beforeAll(async () => {
  op = await startProvider()
  deferrals = op.provider.deferrals
})

afterAll(() => op.close())

class Money {
  type = 'payment'
  toJSON() {
    return { type: 'payment', amount: 1_000_000_000 }
  }
}

class Named {
  by = 'carol'
}

describe('wrong arguments are a TypeError, nothing changes', () => {
  test.each<[string, (id: string) => Promise<unknown>]>([
    ['get without an id', () => deferrals.get(undefined as never)],
    ['approve without an id', () => deferrals.approve(undefined as never)],
    ['approve with a query for an id', () => deferrals.approve({ $ne: 1 } as never)],
    ['deny with a pattern for an id', () => deferrals.deny(/./ as never)],
    ['cancel without an id', () => deferrals.cancel(undefined as never)],
    ['extend with a query for an id', () => deferrals.extend({ $exists: true } as never, { expiresIn: 60 })],
    ['progress without an id', () => deferrals.progress(undefined as never, { step: 'x' })],
    ['approve with null', (id) => deferrals.approve(id, null as never)],
    ['approve with an unknown member', (id) => deferrals.approve(id, { scopes: [] } as never)],
    ['approve with a number for acr', (id) => deferrals.approve(id, { acr: 1 } as never)],
    ['approve with a string for amr', (id) => deferrals.approve(id, { amr: 'pwd' } as never)],
    ['approve with a Date for authTime', (id) => deferrals.approve(id, { authTime: new Date() } as never)],
    ['approve with half a second', (id) => deferrals.approve(id, { authTime: 1.5 })],
    ['approve with scopes that are no strings', (id) => deferrals.approve(id, { scope: [1] } as never)],
    ['approve with claims that are no object', (id) => deferrals.approve(id, { claims: [] } as never)],
    [
      'approve with details that are no objects',
      (id) => deferrals.approve(id, { authorizationDetails: ['x'] } as never),
    ],
    [
      'approve with details of a class',
      (id) => deferrals.approve(id, { authorizationDetails: [new Money()] as never }),
    ],
    ['approve with an argument of a class', (id) => deferrals.approve(id, new Named())],
    ['approve with a toJSON', (id) => deferrals.approve(id, { claims: { id_token: { toJSON: () => 1 } } } as never)],
    ['approve with a hole', (id) => deferrals.approve(id, { amr: new Array(1) })],
    [
      'approve with what only looks like a Date',
      (id) => deferrals.approve(id, { until: Object.create(Date.prototype) }),
    ],
    ...['toString', 'constructor', '__proto__'].map((name): [string, (id: string) => Promise<unknown>] => [
      `cancel with a member ${name}`,
      (id) => deferrals.cancel(id, JSON.parse(`{"${name}":"x"}`)),
    ]),
    ['deny with a number for description', (id) => deferrals.deny(id, { description: 1 } as never)],
    ['deny with an unknown member', (id) => deferrals.deny(id, { reason: 'x' } as never)],
    ['progress without step', (id) => deferrals.progress(id, {} as never)],
    ['progress with nothing', (id) => deferrals.progress(id, undefined as never)],
    ['progress with a negative position', (id) => deferrals.progress(id, { step: 'x', position: -1 })],
    [
      'progress with an estimate that is no number',
      (id) => deferrals.progress(id, { step: 'x', estimate: '1' } as never),
    ],
    ['cancel with an unknown member', (id) => deferrals.cancel(id, { reason: 'x' } as never)],
    ['cancel by nobody', (id) => deferrals.cancel(id, { by: [] })],
    ['cancel by eleven', (id) => deferrals.cancel(id, { by: Array(11).fill('x') })],
    ['cancel by a number', (id) => deferrals.cancel(id, { by: [1] } as never)],
    ['cancel by an empty name', (id) => deferrals.cancel(id, { by: ['carol', ''] })],
    ['approve by a hole', (id) => deferrals.approve(id, { by: new Array(1) })],
    ['resume by an object', (id) => deferrals.resume(id, { by: {} } as never)],
    ['replay by an empty name', (id) => deferrals.notifications.replay(id, { by: '' })],
    ['list with a text for history', () => deferrals.list({ history: 'yes' } as never)],
    ['assign to nobody', (id) => deferrals.assign(id, {} as never)],
    ['assign with no argument at all', (id) => deferrals.assign(id, undefined as never)],
    ['assign to two', (id) => deferrals.assign(id, { to: ['a', 'b'] } as never)],
    ['assign for no time', (id) => deferrals.assign(id, { to: 'a', for: 0 })],
    ['assign from an empty name', (id) => deferrals.assign(id, { to: 'a', from: '' })],
    ['assign without an id', () => deferrals.assign(undefined as never, { to: 'a' })],
    ['unassign with an unknown member', (id) => deferrals.unassign(id, { to: 'a' } as never)],
    ['unassign with a query for an id', () => deferrals.unassign({ $ne: 1 } as never)],
    ['comment by nobody', (id) => deferrals.comment(id, { text: 'x' } as never)],
    ['comment with nothing', (id) => deferrals.comment(id, { by: 'carol', text: '' })],
    ['comment without an id', () => deferrals.comment(undefined as never, { by: 'carol', text: 'x' })],
    ['extend with nothing', (id) => deferrals.extend(id, {} as never)],
    ['extend with no argument at all', (id) => deferrals.extend(id, undefined as never)],
    ['extend by zero', (id) => deferrals.extend(id, { expiresIn: 0 })],
    ['extend by a fraction', (id) => deferrals.extend(id, { expiresIn: 0.5 })],
    ['extend by infinity', (id) => deferrals.extend(id, { expiresIn: Number.POSITIVE_INFINITY })],
  ])('%s', async (_case, call) => {
    const { id } = await waiting(op, relyingParty(op.issuer))
    const before = await deferrals.get(id)
    await expect(call(id)).rejects.toThrow(TypeError)
    expect(await deferrals.get(id)).toEqual(before)
  })
})

test.each<[member: string, limit: number, give: (id: string, text: string) => Promise<{ changed: boolean }>]>([
  ['by', 200, (id, by) => deferrals.approve(id, { by })],
  ['by', 200, (id, by) => deferrals.deny(id, { by })],
  ['by', 200, (id, by) => deferrals.cancel(id, { by })],
  ['by[1]', 200, (id, by) => deferrals.cancel(id, { by: ['carol', by] })],
  ['by', 200, (id, by) => deferrals.progress(id, { step: 'x', by })],
  ['by', 200, (id, by) => deferrals.extend(id, { expiresIn: 60, by })],
  ['by', 200, (id, by) => deferrals.assign(id, { to: 'carol', by })],
  ['to', 200, (id, to) => deferrals.assign(id, { to })],
  ['from', 200, (id, from) => deferrals.assign(id, { to: 'carol', from })],
  ['by', 200, (id, by) => deferrals.comment(id, { by, text: 'x' })],
  ['text', 2000, (id, text) => deferrals.comment(id, { by: 'carol', text })],
  ['note', 2000, (id, note) => deferrals.approve(id, { note })],
  ['note', 2000, (id, note) => deferrals.deny(id, { note })],
  ['description', 1000, (id, description) => deferrals.deny(id, { description })],
  ['step', 100, (id, step) => deferrals.progress(id, { step })],
])('%s may have %d characters, and no more', async (member, limit, give) => {
  const { id } = await waiting(op, relyingParty(op.issuer))
  await expect(give(id, 'x'.repeat(limit + 1))).rejects.toThrow(
    `: ${member} must be a non-empty string of at most ${limit} characters`,
  )
  expect(await give(id, 'x'.repeat(limit))).toMatchObject({ changed: true })
})
