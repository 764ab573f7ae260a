import {
  allowInsecureRequests,
  authorizationCodeGrant,
  ClientSecretBasic,
  discovery,
  useJwtResponseMode,
} from 'openid-client'
import { describe, expect, test } from 'vitest'
import { added, authorize, clientOf, signedIn, startEveryWay } from '../../support/authorization.js'
import type { Interaction } from '../../support/interaction.js'
import { useProvider } from '../../support/use_provider.js'
import { userAgent } from '../../support/user_agent.js'

const pkce = { required: (_ctx: unknown, client: { clientId: string }) => client.clientId === 'other' }
const op = useProvider({ configuration: { pkce } }, startEveryWay)

type Case = [
  what: string,
  ids: string,
  request: { clientId?: string; params?: Record<string, string>; interaction?: Interaction; signedIn?: boolean },
  error: string,
  /** the host gives no description of some refusals, only a detail in its event */
  description?: RegExp,
]

const cases: Case[] = [
  ['a client not registered for it', 'O-011 C03 C-O25', { clientId: 'plain' }, 'unauthorized_client', /response_type/],
  ['an end-user who refuses', 'O-019 C07', { interaction: { refuses: true } }, 'access_denied', /aborted/],
  [
    'a scope that the host refuses at the last moment',
    'O-019 O-037',
    { interaction: { withholds: ['openid'] } },
    'access_denied',
  ],
  ['no session and no interaction', 'O-018', { params: { prompt: 'none' } }, 'login_required', /./],
  [
    'a session but no consent',
    'O-018',
    { params: { prompt: 'none', scope: 'openid email' }, signedIn: true },
    'consent_required',
    /./,
  ],
  ['no PKCE where it is required', 'C-O06 C12', { clientId: 'other' }, 'invalid_request', /PKCE/],
  ['a malformed max_age', 'O-012', { params: { max_age: '-1' } }, 'invalid_request', /max_age/],
  ['a request object that is none', 'O-014', { params: { request: 'x.y.z' } }, 'invalid_request_object', /./],
]

const types = ['deferred_code', 'deferred_code code']

describe.each(cases)('%s: %s', (_what, _ids, request, error, description) => {
  const { clientId = 'secret', params = {}, interaction = {} } = request

  test.each(types)('O-015 O-028 O-035 O-036 O-037 is told, and leaves nothing behind (%s)', async (type) => {
    const rp = await clientOf(op, clientId)
    const agent = request.signedIn ? await signedIn(op, rp) : userAgent()
    const all = { response_type: type, ...params }
    const outcome = await added(op, () => authorize(op, rp, all, { interaction, agent }))
    const landing = outcome.result
    const response = landing.params
    expect(response).toMatchObject({ error, state: 'a state', iss: op.issuer })
    expect(response.error_description).toEqual(description && expect.stringMatching(description))
    expect(response).not.toHaveProperty('deferred_code')
    expect(response).not.toHaveProperty('code')
    expect(outcome.new).toEqual([])
  })
})

test('O-019 O-037 what the host refuses at the last moment is that no scope was granted', async () => {
  const details: unknown[] = []
  const listen = (_ctx: unknown, error: { error_detail?: string }) => details.push(error.error_detail)
  op.provider.on('authorization.error', listen as never)
  await authorize(op, await clientOf(op, 'secret'), {}, { interaction: { withholds: ['openid'] } })
  op.provider.off('authorization.error', listen as never)
  expect(details).toEqual([expect.stringMatching(/no scope was granted/)])
})

test('O-037 a scope refused in part is no error: the rest is deferred', async () => {
  const rp = await clientOf(op, 'secret')
  const interaction = { withholds: ['email'] }
  const outcome = await added(op, () => authorize(op, rp, { scope: 'openid email' }, { interaction }))
  expect(outcome.result.params.deferred_code).toBeDefined()
  expect(outcome.new).toMatchObject([{ scope: ['openid'] }])
})

describe('openid-client', () => {
  const configured = () =>
    discovery(new URL(op.issuer), 'secret', undefined, ClientSecretBasic('a secret of the client'), {
      execute: [allowInsecureRequests],
    })
  const because = (message: RegExp) => ({ cause: { message: expect.stringMatching(message) } })
  const checks = { expectedState: 'a state' }

  test('O-028 O-035 C07 validates state and iss of a refusal, and reports it', async () => {
    const rp = await clientOf(op, 'secret')
    const { url } = await authorize(op, rp, {}, { interaction: { refuses: true } })
    await expect(authorizationCodeGrant(await configured(), url!, checks)).rejects.toMatchObject({
      error: 'access_denied',
      error_description: 'end-user aborted the interaction',
    })
    await expect(
      authorizationCodeGrant(await configured(), url!, { expectedState: 'another state' }),
    ).rejects.toMatchObject(because(/state/))
  })

  test('O-036 C14 validates a signed refusal, and reports it', async () => {
    const config = await configured()
    useJwtResponseMode(config)
    const rp = await clientOf(op, 'secret')
    const { url } = await authorize(op, rp, { response_mode: 'jwt' }, { interaction: { refuses: true } })
    await expect(authorizationCodeGrant(config, url!, checks)).rejects.toMatchObject({ error: 'access_denied' })
  })

  test.each(['query', 'jwt'])(
    'O-021 C05 C14 validates a deferred code, and misses only the code (%s)',
    async (mode) => {
      const config = await configured()
      if (mode === 'jwt') useJwtResponseMode(config)
      const { url } = await authorize(op, await clientOf(op, 'secret'), { response_mode: mode })
      await expect(authorizationCodeGrant(config, url!, checks)).rejects.toMatchObject(because(/no authorization code/))
      url!.searchParams.delete(mode === 'jwt' ? 'response' : 'iss')
      await expect(authorizationCodeGrant(config, url!, checks)).rejects.toMatchObject(
        because(mode === 'jwt' ? /JARM/ : /iss/),
      )
    },
  )
})
