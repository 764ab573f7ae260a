import { errors } from 'oidc-provider'
import type { Deferral } from 'oidc-provider-deferred'
import { beforeEach, describe, expect, test } from 'vitest'
import { added } from '../../support/authorization.js'
import { held, request } from '../../support/deferral.js'
import { observedDefer } from '../../support/observed.js'
import { dpopKey, relyingParty } from '../../support/relying_party.js'
import { resourceIndicators } from '../../support/rich_authorization_requests.js'
import { useProvider } from '../../support/use_provider.js'

const observed = observedDefer()
const op = useProvider({ configuration: { features: { resourceIndicators } }, deferred: { defer: observed.defer } })

beforeEach(() => {
  observed.reset()
  op.user.interaction = {}
})

describe('authorization_code', () => {
  const grant = 'authorization_code'

  test('I-022 is answered at once where it says no', async () => {
    observed.decide = () => false
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(result.answer).toMatchObject({ status: 200, body: { access_token: expect.any(String) } })
    expect({ times: observed.asked.length, ...outcome }).toEqual({ times: 1, new: [] })
  })

  test('is observed.asked once, and with a key as without', async () => {
    for (const key of [undefined, await dpopKey()]) {
      observed.asked = []
      await held(op, relyingParty(op.issuer, 'secret', key), grant)
      expect(observed.asked).toHaveLength(1)
    }
  })

  test('its answer may come later', async () => {
    observed.decide = async () => ({ expiresIn: 10, interval: 7, context: { why: 'amount' } })
    const { answer, id } = await held(op, relyingParty(op.issuer), grant)
    expect(answer.body).toMatchObject({ expires_in: 10, interval: 7 })
    expect(await op.provider.deferrals.get(id)).toMatchObject({ context: { why: 'amount' } })
  })

  test('without its own lifetime and interval those of the options count', async () => {
    observed.decide = () => ({})
    const { answer } = await held(op, relyingParty(op.issuer), grant)
    expect(answer.body).toMatchObject({ error: 'authorization_pending', expires_in: 86_400, interval: 5 })
  })

  test('I-048 I-049 E-08 an interaction may refer to the id that it is told', async () => {
    observed.decide = ({ id }) => ({ interaction: { uri: `https://op.example/confirm/${id}` } })
    const { answer, id } = await held(op, relyingParty(op.issuer), grant)
    expect(answer.body).toMatchObject({
      error: 'interaction_required',
      interaction_uri: `https://op.example/confirm/${id}`,
    })
    expect(answer.body.interaction_uri).not.toContain(answer.body.deferral_code)
  })

  test.each([
    ['a string', 'yes'],
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['a number', 1],
    ['an unknown member', { expires_in: 10 }],
    ['no lifetime', { expiresIn: 0 }],
    ['half a second', { expiresIn: 0.5 }],
    ['a negative interval', { interval: -5 }],
    ['an interval in words', { interval: '5' }],
    ['a context that is no object', { context: 'why' }],
    ['a context that is no JSON', { context: { when: new Date() } }],
    ['a context that is too large', { context: { document: 'x'.repeat(16_385) } }],
    ['an interaction without a uri', { interaction: {} }],
    ['an interaction over http', { interaction: { uri: 'http://op.example/confirm' } }],
    ['an interaction with a fragment', { interaction: { uri: 'https://op.example/confirm#a' } }],
    ['an interaction that is no URL', { interaction: { uri: 'confirm' } }],
  ])('I-037 an answer that is %s is server_error, tells nothing, and defers nothing', async (_, wrong) => {
    observed.decide = () => wrong
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(result.answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(JSON.stringify(result.answer.body)).not.toMatch(/defer|expiresIn|TypeError|access_token/)
    expect(outcome.new).toEqual([])
  })

  test('I-037 a fault of its own is server_error, and defers nothing', async () => {
    observed.decide = () => {
      throw new Error('risk engine at risk.internal is down')
    }
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(result.answer).toMatchObject({ status: 500, body: { error: 'server_error' } })
    expect(JSON.stringify(result.answer.body)).not.toContain('risk.internal')
    expect(outcome.new).toEqual([])
  })

  test('I-033 a refusal of its own reaches the client, without a token', async () => {
    observed.decide = () => {
      throw new errors.AccessDenied('not at this hour')
    }
    const { result, ...outcome } = await added(op, () => request(relyingParty(op.issuer), grant))
    expect(result.answer).toMatchObject({
      status: 400,
      body: { error: 'access_denied', error_description: 'not at this hour' },
    })
    expect(outcome.new).toEqual([])
  })

  test('entities.Deferral is that of the created deferral, as the event shows it', async () => {
    const seen: unknown[] = []
    const created: Deferral[] = []
    const note = (ctx: { oidc: { entities: object } }) =>
      seen.push((ctx.oidc.entities as { Deferral: unknown }).Deferral)
    op.provider.once('grant.error', note)
    op.provider.once('deferral.created', (deferral) => created.push(deferral))
    const { id } = await held(op, relyingParty(op.issuer), grant)
    expect(seen).toEqual(created)
    expect(created).toMatchObject([{ id, profile: 'oauth', status: 'pending', grantType: grant, expired: false }])
  })
})
