import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestProvider } from '../../support/provider.js'
import { startDeciding, waitingRequest } from './decisions/waiting_request.js'

let op: TestProvider
const inherited = ['isPrototypeOf', 'toLocaleString']
const members = (names: string[]) => Object.fromEntries(names.map((name) => [name, null]))

beforeAll(async () => {
  const all = Object.fromEntries(inherited.map((name) => [name, `a claim named ${name}`]))
  op = await startDeciding(
    {},
    {
      claims: { openid: ['sub'], email: ['email'], ...members(inherited) },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, email: 'alice@example.com', ...all }) }),
    },
  )
})
afterAll(() => op.close())

test.each(['openid', 'authorization_code'] as const)(
  'C-I14 %s: claims named like what every object has are dropped as others are',
  async (kind) => {
    const asked = { claims: { id_token: members(['email', ...inherited]) } }
    const whole = await waitingRequest(op, kind, asked)
    await op.provider.deferrals.approve(whole.id)
    expect(Object.keys(decodeJwt((await whole.poll()).body.id_token))).toEqual(expect.arrayContaining(inherited))

    const less = await waitingRequest(op, kind, asked)
    await op.provider.deferrals.approve(less.id, { claims: { id_token: members(['email']) } })
    const claims = decodeJwt((await less.poll()).body.id_token)
    expect(claims.email).toBe('alice@example.com')
    for (const name of inherited) expect(Object.hasOwn(claims, name)).toBe(false)
  },
)

// the host takes no claims of an account that has this one
test.each([...inherited, 'constructor'])('C-I14 a decision cannot add a claim named %s', async (name) => {
  const { id } = await waitingRequest(op, 'authorization_code', { claims: { id_token: { email: null } } })
  const approval = { claims: { id_token: members(['email', name]) } }
  await expect(op.provider.deferrals.approve(id, approval)).rejects.toThrow(RangeError)
})
