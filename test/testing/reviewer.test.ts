import { Provider as Host } from 'oidc-provider'
import { createDeferral, reviewer, type Script } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { held, pollDeferral, whoeverCan } from '../support/deferral.js'
import { deferred, waiting } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type RelyingParty, relyingParty } from '../support/relying_party.js'

let op: TestProvider
let rp: RelyingParty
let decides: ReturnType<typeof reviewer>

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: whoeverCan } })
  rp = relyingParty(op.issuer)
  decides = reviewer(op.provider)
})
afterAll(() => op.close())
beforeEach(async () => {
  decides.stop()
  await decides.denyAll()
})

const create = () => createDeferral(op.provider, { clientId: 'secret' })

async function polled(handle: string, profile: 'openid' | 'oauth' = 'oauth'): Promise<string> {
  op.clock.advance(5)
  const { status, body } = await (profile === 'oauth' ? pollDeferral(rp, handle) : rp.poll(handle))
  return status === 200 ? 'tokens' : body.error
}

test('approveAll approves everything that is pending, over all pages, and nothing else', async () => {
  const denied = await create()
  await op.provider.deferrals.deny(denied.id)
  const all = await Promise.all(Array.from({ length: 120 }, create))
  const approved = await decides.approveAll()
  expect(approved.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort())
  expect(new Set(approved.map(({ status, decision }) => `${status} by ${decision?.by}`))).toEqual(
    new Set(['approved by reviewer']),
  )
  expect(await decides.approveAll()).toEqual([])
})

test('with a quorum approveAll votes, and what is not approved yet is not in the result', async () => {
  const { id, handle } = await createDeferral(op.provider, { clientId: 'secret', quorum: 2 })
  expect(await decides.approveAll()).toEqual([])
  expect(await decides.approveAll()).toEqual([])
  expect((await op.provider.deferrals.get(id))?.votes).toMatchObject([{ by: 'reviewer' }])
  expect(await decides.approveAll({ by: 'kim' })).toMatchObject([{ id, decision: { by: ['reviewer', 'kim'] } }])
  expect(await polled(handle)).toBe('tokens')
})

test('a script approves with a quorum by several names', async () => {
  decides.follow(['approve', 'approve', { approve: { by: 'kim' } }])
  const { handle } = await createDeferral(op.provider, { clientId: 'secret', quorum: 2 })
  const heard = [await polled(handle), await polled(handle), await polled(handle)]
  expect(heard).toEqual(['authorization_pending', 'authorization_pending', 'tokens'])
})

test('a decision may say more', async () => {
  const { handle } = await create()
  const [denied] = await decides.denyAll({ by: 'kim', description: 'Not today' })
  expect(denied?.decision).toMatchObject({ by: 'kim', description: 'Not today' })
  expect((await pollDeferral(rp, handle)).body).toMatchObject({ error: 'access_denied', reason: 'Not today' })
})

const uri = 'https://op.example/confirm'

test.each<[string, Script, string[]]>([
  ['one step', 'approve', ['tokens', 'invalid_grant']],
  ['a denial', 'deny', ['access_denied', 'access_denied']],
  ['an expiry', 'expire', ['expired_token']],
  ['nothing', [], ['authorization_pending', 'authorization_pending']],
  ['steps', ['wait', 'wait', 'approve'], ['authorization_pending', 'authorization_pending', 'tokens']],
  ['an end after a while', ['wait', 'expire'], ['authorization_pending', 'expired_token']],
  [
    'an expiry after an approval',
    ['wait', 'expire', 'approve'],
    ['authorization_pending', 'expired_token', 'expired_token'],
  ],
  [
    'an interaction',
    ['wait', { requireInteraction: { uri } }, { approve: { note: 'seen' } }],
    ['authorization_pending', 'interaction_required', 'tokens'],
  ],
  [
    'a function',
    ({ scope }) => (scope.length === 0 ? ['wait', { deny: { description: 'No' } }] : 'approve'),
    ['authorization_pending', 'access_denied'],
  ],
])('follows a script of %s: the n-th poll finds the n-th step', async (_, script, answers) => {
  decides.follow(script)
  const { handle } = await create()
  const heard: string[] = []
  for (const _answer of answers) heard.push(await polled(handle))
  expect(heard).toEqual(answers)
})

test('a client is shown the progress of the script', async () => {
  decides.follow([{ progress: { step: 'queued', position: 2 } }, { progress: { step: 'checked' } }])
  const { handle } = await create()
  const steps: unknown[] = []
  for (let n = 0; n < 3; n++) {
    op.clock.advance(5)
    steps.push((await pollDeferral(rp, handle)).body.progress)
  }
  expect(steps).toEqual([{ step: 'queued', position: 2 }, { step: 'checked' }, { step: 'checked' }])
})

test('each deferral goes through the script by itself, and polls that come too early do not count', async () => {
  decides.follow(['wait', 'wait', 'approve'])
  const [one, other] = [await create(), await create()]
  expect([await polled(one.handle), (await pollDeferral(rp, one.handle)).body.error]).toEqual([
    'authorization_pending',
    'slow_down',
  ])
  op.clock.advance(10)
  const more = [await polled(other.handle), await polled(one.handle), await polled(one.handle)]
  expect(more).toEqual(['authorization_pending', 'authorization_pending', 'tokens'])
})

test('the script begins when the client has its handle: after the exchange in the openid profile', async () => {
  decides.follow(['expire'])
  const { code, id } = await deferred(op, rp)
  expect((await op.provider.deferrals.get(id))?.expired).toBe(false)
  const { body } = await rp.exchange(code)
  expect(await polled(body.deferred_auth_id, 'openid')).toBe('expired_token')
  decides.follow(['wait', 'approve'])
  const { handle } = await waiting(op, rp)
  expect([await polled(handle, 'openid'), await polled(handle, 'openid')]).toEqual(['authorization_pending', 'tokens'])
})

test('the token request that is deferred is no poll', async () => {
  decides.follow(['wait', 'approve'])
  const { deferralCode } = await held(op, rp, 'client_credentials')
  expect([await polled(deferralCode), await polled(deferralCode)]).toEqual(['authorization_pending', 'tokens'])
})

test('follow replaces the script before, stop ends it', async () => {
  decides.follow('approve')
  // by whom is the same
  reviewer(op.provider).follow('deny')
  expect(await polled((await create()).handle)).toBe('access_denied')
  decides.stop()
  expect(await polled((await create()).handle)).toBe('authorization_pending')
})

test('a step that is impossible is a warning, and the deferral waits', async () => {
  const warnings: string[] = []
  const note = ({ message }: Error) => warnings.push(message)
  process.on('warning', note)
  decides.follow({ requireInteraction: { uri } })
  const { handle } = await createDeferral(op.provider, { clientId: 'secret', profile: 'openid' })
  expect(await polled(handle, 'openid')).toBe('authorization_pending')
  process.off('warning', note)
  expect(warnings).toEqual([expect.stringContaining('a step of the script failed: TypeError: requireInteraction')])
})

test('a provider without the plugin is a TypeError', () => {
  expect(() => reviewer(new Host('https://op.example'))).toThrow(TypeError)
})

test.each(['aprove', ['wait', 'aprove'], [undefined], null, { aprove: {} }, 5, {}, { approve: {}, deny: {} }])(
  'a script with a step that nobody can take is a TypeError: %j',
  (script) => {
    expect(() => decides.follow(script as never)).toThrow(/^script: a step is one of approve, deny/)
  },
)

test.each<[unknown, RegExp]>([
  [{ deny: { descripton: 'No' } }, /^deny: descripton is not an option, use one of by, note, description$/],
  [['wait', { approve: { scopes: [] } }], /^approve: scopes is not an option, use one of /],
  [{ progress: { stop: 'checked' } }, /^progress: stop is not an option, use one of /],
  [{ requireInteraction: { uri: 'confirm' } }, /^requireInteraction: uri must be an absolute https URL/],
  [{ approve: true }, /^approve: the argument must be a plain object$/],
])('a step is checked when the script begins: %j', (script, message) => {
  expect(() => decides.follow(script as never)).toThrow(TypeError)
  expect(() => decides.follow(script as never)).toThrow(message)
})

test('a script that fails leaves the deferral pending', async () => {
  for (const script of [
    () => {
      throw new RangeError('of the test')
    },
    () => 'aprove',
  ]) {
    decides.follow(script as Script)
    const { handle } = await create()
    expect(await polled(handle)).toBe('authorization_pending')
  }
})
