import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { pollDeferral } from '../../../support/deferral.js'
import { authorizeDirectly, claimed, firstPoll, unclaimed, withDirect } from '../../../support/direct.js'
import { relyingParty } from '../../../support/relying_party.js'
import { useProvider } from '../../../support/use_provider.js'

const op = useProvider(withDirect())

test('X-016 X-017 X-018 X-019 X-024 X-036 X-037 a plain OAuth client is deferred, polls, and gets the tokens of the code grant', async () => {
  const rp = relyingParty(op.issuer)
  const { params, url, status } = await authorizeDirectly(rp, { nonce: 'n-1', scope: 'openid email' })
  expect(status).toBe(303)
  expect(params).toEqual({
    deferral_code: expect.stringMatching(/^[\w-]{65}$/),
    state: 'a state',
    expires_in: '86400',
    interval: '5',
    iss: op.issuer,
  })
  expect(url?.href.startsWith('https://rp.example/cb?')).toBe(true)
  const code = String(params.deferral_code)
  const first = await firstPoll(rp, code)
  expect(first.status).toBe(400)
  expect(first.body).toEqual({ error: 'authorization_pending', error_description: expect.any(String) })
  expect(first.headers.get('cache-control')).toBe('no-store')
  await op.provider.deferrals.approve(code.slice(0, 22), { by: 'reviewer' })
  op.clock.advance(5)
  const { status: granted, body } = await pollDeferral(rp, code)
  expect(granted).toBe(200)
  expect(body).toMatchObject({ access_token: expect.any(String), token_type: 'Bearer', scope: 'openid email' })
  expect(decodeJwt(body.id_token)).toMatchObject({ nonce: 'n-1', aud: 'secret', sub: expect.any(String) })
  op.clock.advance(5)
  expect((await pollDeferral(rp, code)).body).toMatchObject({ error: 'invalid_grant' })
  const active = await rp.post('/token/introspection', { token: body.access_token })
  expect(active.body).toMatchObject({ active: true })
})

test('X-033 nobody hears of it before its first poll: no listing, no event, no extension; by id it is there', async () => {
  const rp = relyingParty(op.issuer)
  const events: string[] = []
  for (const name of ['created', 'approved', 'cancelled', 'expired'] as const) {
    op.provider.on(`deferral.${name}`, ({ id }) => events.push(`${name} ${id}`))
  }
  const { deferralCode, id } = await unclaimed(rp)
  expect((await op.provider.deferrals.list({ limit: 100 })).deferrals.map((deferral) => deferral.id)).not.toContain(id)
  expect(
    (await op.provider.deferrals.list({ limit: 100, status: 'pending' })).deferrals.map((d) => d.id),
  ).not.toContain(id)
  expect(events).toEqual([])
  expect(await op.provider.deferrals.get(id)).toMatchObject({ status: 'pending', direct: 'unclaimed' })
  expect(await op.provider.deferrals.extend(id, { expiresIn: 600 })).toMatchObject({ changed: false })
  await firstPoll(rp, deferralCode)
  expect(events).toEqual([`created ${id}`])
  expect(await op.provider.deferrals.get(id)).toMatchObject({ direct: 'claimed' })
  expect((await op.provider.deferrals.list({ limit: 100 })).deferrals.map((deferral) => deferral.id)).toContain(id)
})

test('X-034 afterwards it is a deferral like others', async () => {
  const rp = relyingParty(op.issuer)
  const { deferralCode, id } = await claimed(op, rp)
  await op.provider.deferrals.progress(id, { step: 'two of three' })
  expect((await pollDeferral(rp, deferralCode)).body).toMatchObject({ progress: { step: 'two of three' } })
})
