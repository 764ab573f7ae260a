import { memoryStore, Provider } from 'oidc-provider-deferred'
import { authzen } from 'oidc-provider-deferred/authzen'
import { expect, test } from 'vitest'
import { authorizationCode, pollDeferral, redeem } from '../support/deferral.js'
import { dpopKey, relyingParty } from '../support/relying_party.js'
import { jwtApi, opaqueApi, resourceServers } from '../support/resource_servers.js'
import { richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { actions, closeAfterEach, deploy } from './deployment.js'

closeAfterEach()

const credentials = { grant_type: 'client_credentials' }
const opted = { completion_mode: 'deferred' }
const targets = { features: { resourceIndicators: resourceServers } }

test('X-200 a wrong option is a TypeError that names it', () => {
  const pdp = 'https://pdp.example'
  const wrong: [object, string][] = [
    [{}, 'authzen: pdp must be an absolute https URL'],
    [{ pdp: 'http://pdp.example' }, 'authzen: pdp must be'],
    [{ pdp, mapping: 'other' }, 'authzen: mapping must be one of'],
    [{ pdp, timeout: 0 }, 'authzen: timeout must be'],
    [{ pdp, onUnavailable: 'permit' }, 'authzen: onUnavailable must be one of'],
    [{ pdp, partial: 'some' }, 'authzen: partial must be one of'],
    [{ pdp, endpoints: { evaluation: 'x' } }, 'authzen: endpoints.evaluation must be'],
    [{ pdp, egress: { allow: ['x'] } }, 'authzen: egress.allow'],
    [{ pdp, surprise: 1 }, 'authzen: surprise is not an option'],
  ]
  for (const [options, message] of wrong) {
    expect(() => authzen(options as never)).toThrow(TypeError)
    expect(() => authzen(options as never)).toThrow(message)
  }
  expect(() => authzen({ pdp }).rotateRefreshToken('yes' as never)).toThrow(
    new TypeError('authzen: rotateRefreshToken must be true, false or a function'),
  )
  const members = ['callback', 'close', 'defer', 'reconsider', 'rotateRefreshToken', 'tokenClaims']
  expect(Object.keys(authzen({ pdp })).sort()).toEqual(members)
})

test('X-200 without it discovery is unchanged byte for byte', async () => {
  const discovery = async (deferred: object) => {
    const provider = new Provider('https://op.example', {
      features: { devInteractions: { enabled: false }, deferredTokenResponse: { store: memoryStore(), ...deferred } },
    })
    const server = provider.listen(0)
    const { port } = server.address() as { port: number }
    const response = await fetch(`http://127.0.0.1:${port}/.well-known/openid-configuration`)
    server.close()
    await provider.deferrals.close()
    return (await response.text()).replaceAll(String(port), '')
  }
  const { defer, reconsider, close } = authzen({ pdp: 'https://pdp.example' })
  expect(await discovery({ defer, reconsider })).toBe(await discovery({}))
  await close()
})

test('X-201 the metadata are read once, at the well-known path before the path of the PDP', async () => {
  const { service, rp } = await deploy()
  for (const _ of [1, 2]) expect((await rp.token(credentials)).status).toBe(200)
  const paths = service.calls.map(({ path }) => path)
  expect(paths).toEqual(['/.well-known/authzen-configuration', '/access/v1/evaluation', '/access/v1/evaluation'])
})

test('X-201 a PDP with a path: its path stands behind the well-known one, its endpoints default below it', async () => {
  const { service, decider } = await deploy()
  await decider.close()
  const { rp } = await deploy({ options: { pdp: `${service.pdp}/tenant`, egress: service.egress } })
  service.intercept = ({ path }) =>
    path.startsWith('/.well-known') ? { status: 404 } : { status: 200, body: { decision: true } }
  expect((await rp.token(credentials)).status).toBe(200)
  expect(service.calls.map(({ path }) => path)).toEqual([
    '/.well-known/authzen-configuration/tenant',
    '/tenant/access/v1/evaluation',
  ])
})

test('X-201 metadata of another PDP are refused, and configured endpoints take precedence', async () => {
  const { service, rp } = await deploy()
  service.metadata = { policy_decision_point: 'https://other.example' }
  expect((await rp.token(credentials)).status).toBe(503)
  const other = await deploy()
  const mine = await deploy({
    options: {
      pdp: other.service.pdp,
      egress: other.service.egress,
      endpoints: { evaluation: `${other.service.pdp}/mine` },
    },
  })
  other.service.intercept = ({ path }) => (path === '/mine' ? { status: 200, body: { decision: true } } : undefined)
  expect((await mine.rp.token(credentials)).status).toBe(200)
})

test('X-201 the lifetime of the metadata is that of its answer', async () => {
  const { service, rp } = await deploy()
  service.intercept = ({ path }) =>
    path.startsWith('/.well-known')
      ? { status: 200, body: { policy_decision_point: service.pdp }, headers: { 'cache-control': 'no-store' } }
      : undefined
  for (const _ of [1, 2]) await rp.token(credentials)
  expect(service.calls.filter(({ path }) => path.startsWith('/.well-known'))).toHaveLength(2)
})

test('X-202 several questions are one batch, and the answers count by position', async () => {
  const { service, rp } = await deploy({ configuration: targets, options: { partial: 'narrow' } })
  service.policy = ({ action }) => (action.name === 'write' ? 'deny' : 'permit')
  const { body } = await rp.token({ ...credentials, scope: 'write read', resource: opaqueApi })
  expect(body.scope).toBe('read')
  const [, { path, body: batch } = { path: '' }] = service.calls
  expect(path).toBe('/access/v1/evaluations')
  expect(batch).toEqual({
    subject: { type: 'client', id: 'secret' },
    resource: { type: 'audience', id: opaqueApi },
    context: { client_id: 'secret' },
    evaluations: [
      { action: { name: 'issue:access_token:client_credentials' } },
      { action: { name: 'write' } },
      { action: { name: 'read' } },
    ],
    options: { evaluations_semantic: 'execute_all' },
  })
})

test('X-203 every request has credentials and an identifier that begins with the id of the deferral', async () => {
  const asked: string[] = []
  const { service, rp } = await deploy({})
  await rp.token(credentials)
  for (const { headers, path } of service.calls) {
    expect(headers.get('authorization')).toBe('Bearer of the provider')
    if (!path.startsWith('/.well-known')) asked.push(headers.get('x-request-id') ?? '')
  }
  expect(asked).toEqual([expect.stringMatching(/^[\w-]{22}\.[0-9a-f-]{36}$/)])
})

test('X-204 nobody is asked about a request that the host refuses', async () => {
  const { service, op, rp } = await deploy()
  const refused = [
    relyingParty(op.issuer, 'nobody').token(credentials),
    rp.token({ grant_type: 'authorization_code', code: 'unknown', redirect_uri: 'https://rp.example/cb' }),
    relyingParty(op.issuer, 'plain').token(credentials),
  ]
  for (const { status } of await Promise.all(refused)) expect(status).toBeGreaterThanOrEqual(400)
  expect(service.calls).toEqual([])
})

test('X-205 the subject is whom the token names; for each target a gate, then scopes, then details', async () => {
  const { service, rp } = await deploy({
    configuration: {
      features: {
        resourceIndicators: resourceServers,
        richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
      },
    },
  })
  const details = JSON.stringify([{ type: 'payment', actions: ['initiate', 'read'], datatypes: ['sepa'], amount: '5' }])
  const request = { scope: 'openid read', resource: opaqueApi, authorization_details: details }
  const { status } = await redeem(rp, await authorizationCode(rp, request), { resource: opaqueApi })
  expect(status).toBe(200)
  expect(service.questions.map(({ resource, action }) => `${resource.type} ${resource.id} ${action.name}`)).toEqual([
    `audience ${opaqueApi} issue:access_token:authorization_code`,
    `audience ${opaqueApi} openid`,
    `audience ${opaqueApi} read`,
    `payment ${opaqueApi} initiate:sepa`,
    `payment ${opaqueApi} read:sepa`,
  ])
  const [{ subject } = { subject: {} }] = service.questions
  expect(subject).toEqual({ type: 'user', id: 'alice', properties: { act: { sub: 'secret' } } })
})

test('X-205 a pairwise subject is mapped before the question, and without the mapping nothing is asked', async () => {
  const pairwiseIdentifier = async (_ctx: unknown, accountId: string) => `pairwise-${accountId}`
  const configuration = {
    subjectTypes: ['public' as const, 'pairwise' as const],
    pairwiseIdentifier,
    clients: [
      {
        client_id: 'secret',
        client_secret: 'a secret of the client',
        subject_type: 'pairwise' as const,
        redirect_uris: ['https://rp.example/cb'],
      },
    ],
  }
  const mapped = await deploy({ configuration, options: { pairwiseIdentifier } })
  expect((await redeem(mapped.rp, await authorizationCode(mapped.rp))).status).toBe(200)
  expect(mapped.service.questions[0]?.subject).toMatchObject({ type: 'user', id: 'pairwise-alice' })
  const unmapped = await deploy({ configuration })
  expect((await redeem(unmapped.rp, await authorizationCode(unmapped.rp))).status).toBe(500)
  expect(unmapped.service.questions).toEqual([])
})

test('X-206 nobody is asked about a scope that the host drops, and more questions than the bound are refused', async () => {
  const { service, rp } = await deploy({ configuration: targets, options: { maxEvaluations: 2 } })
  const request = { ...credentials, scope: 'read openid', resource: opaqueApi }
  expect((await rp.token(request)).status).toBe(200)
  expect(actions(service)).toEqual(['issue:access_token:client_credentials', 'read'])
  const refused = await rp.token({ ...request, scope: 'read write' })
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_scope'])
  expect(actions(service)).toHaveLength(2)
})

test('X-207 the context has what the provider knows, and never a handle, a token or a verifier', async () => {
  const { service, op } = await deploy()
  const key = await dpopKey()
  const rp = relyingParty(op.issuer, 'public', key)
  const { status, body } = await redeem(rp, await authorizationCode(rp, { max_age: '3600' }))
  expect(status).toBe(200)
  const { context } = service.questions[0]!
  expect(context).toMatchObject({ client_id: 'public', auth_time: expect.any(Number), cnf: { jkt: key.jkt } })
  const sent = JSON.stringify(service.calls.map(({ body: sentBody }) => sentBody))
  for (const secret of [body.access_token, body.id_token, 'a-code-verifier']) expect(sent).not.toContain(secret)
})

test('X-208 V11 anything but a boolean decision is no decision', async () => {
  const { service, op, rp, alerts } = await deploy()
  const broken: Record<string, { status: number; body?: object }> = {
    'another status': { status: 201, body: { decision: true } },
    'a server error': { status: 500, body: { decision: true } },
    'no JSON': { status: 200 },
    'no decision': { status: 200, body: {} },
    'a string': { status: 200, body: { decision: 'true' } },
    'a number': { status: 200, body: { decision: 1 } },
    'a list in place of one answer': { status: 200, body: { evaluations: [{ decision: true }] } },
  }
  for (const [name, reply] of Object.entries(broken)) {
    service.intercept = ({ path }) => (path.startsWith('/access') ? (reply as never) : undefined)
    const { status, body } = await rp.token(credentials)
    expect([name, status, body.error]).toEqual([name, 503, 'temporarily_unavailable'])
  }
  service.intercept = ({ path }) =>
    path.endsWith('evaluations') ? { status: 200, body: { evaluations: [{ decision: true }] } } : undefined
  expect((await redeem(rp, await authorizationCode(rp))).status).toBe(503)
  expect(alerts.length).toBe(8)
  expect((await op.provider.deferrals.list()).deferrals).toEqual([])
})

test.each(['of a client that can wait', 'of a client that cannot'])(
  'X-209 V11 an outage refuses a request %s with 503, and its code can still be used',
  async (name) => {
    const { service, rp } = await deploy({ options: { timeout: 1000 } })
    const mode = name.endsWith('not') ? {} : opted
    const code = await authorizationCode(rp)
    service.intercept = () => new Promise(() => undefined)
    const refused = await redeem(rp, code, mode)
    expect([refused.status, refused.body.error]).toEqual([503, 'temporarily_unavailable'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    service.intercept = () => undefined
    expect((await redeem(rp, code, mode)).status).toBe(200)
  },
)

test('the mapping `access` has one question per permission and no gate, and a function has what it wants', async () => {
  const { service, rp } = await deploy({ configuration: targets, options: { mapping: 'access' } })
  await rp.token({ ...credentials, scope: 'read write', resource: jwtApi })
  expect(actions(service)).toEqual(['read', 'write'])
  const own = await deploy({
    options: {
      mapping: ({ subject, clientId }) => [
        { subject, resource: { type: 'tenant', id: '7' }, action: { name: `enter-${clientId}` } },
      ],
    },
  })
  expect((await own.rp.token(credentials)).status).toBe(200)
  expect(actions(own.service)).toEqual(['enter-secret'])
  own.service.policy = () => 'deny'
  expect((await own.rp.token(credentials)).body.error).toBe('invalid_grant')
})

test('V5 neither the answer nor an error has anything of the policy decision point', async () => {
  const { service, rp } = await deploy()
  service.policy = () => ({ decision: false, context: { reason: 'secret-reason', reason_admin: 'secret-admin' } })
  const { body } = await redeem(rp, await authorizationCode(rp), opted)
  expect(body.error).toBe('invalid_grant')
  expect(JSON.stringify(body)).not.toContain('secret-')
  expect((await pollDeferral(rp, 'unknown')).status).toBe(400)
})
