import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { type Loopback, listenOnLoopback, type Watch, watchConnections } from './connections.js'
import { type NotifyingProvider, startNotifying } from './notified_clients.js'
import { garbage, nameOf, rebinding, refused, resolverOf, type Vector } from './refused_vectors.js'

// jest wants its table before there is a port
const anyPort = 1
const table = refused(anyPort).map(({ name }, at) => ({ name, at }))

let op: NotifyingProvider
let loopback: Loopback
let watch: Watch
let vectors: Vector[]
let odd: Vector[]
let resolver: ReturnType<typeof resolverOf>

beforeAll(async () => {
  loopback = await listenOnLoopback()
  const { port } = loopback
  vectors = refused(port)
  odd = Object.entries(garbage).map(([name, found], at) => ({
    name,
    endpoint: `https://g${at}.example:${port}/`,
    resolution: () => found,
  }))
  resolver = resolverOf([...vectors, ...odd, rebinding(port), { ...sane(port), resolution: () => ['127.0.0.9'] }])
  const notification = {
    allow: ['127.0.0.9'],
    deny: ['denied.example'],
    ports: [port],
    resolve: async (host: string) => {
      if (host === 'throws.example') throw new Error('the resolver is away')
      if (host === 'hangs.example') return new Promise<string[]>(() => undefined)
      return resolver.resolve(host)
    },
  }
  op = await startNotifying(notification, { issuer: 'https://op.example' })
  watch = watchConnections()
})

afterEach(() => {
  loopback.reached.length = 0
})

afterAll(async () => {
  watch.stop()
  await op.close()
  await loopback.close()
})

const sane = (port: number) => ({ name: 'sane', endpoint: `https://sane.example:${port}/` })
const own = () => [Number(new URL(op.origin).port)]

async function approved(clientId: string, endpoint: string): Promise<string> {
  await op.keep(clientId, endpoint)
  const id = await op.held(clientId)
  await op.provider.deferrals.approve(id)
  return id
}

test.each(table)('T4 I-124 E-22 $name is a dead letter, and no connection is opened', async ({ name, at }) => {
  const before = watch.opened(own()).length
  const { endpoint } = vectors[at]!
  const told = await op.attempted(await approved(`vector ${at}`, endpoint))
  expect({ name, ...told }).toMatchObject({
    status: 'failed',
    attempts: 1,
    reason: expect.stringMatching(/^the endpoint /),
  })
  expect(loopback.reached).toEqual([])
  expect(watch.opened(own()).slice(before)).toEqual([])
})

test('I-124 there are more than 60 of them, each name was asked for once and nothing else was', () => {
  expect(vectors.length).toBeGreaterThan(60)
  const hosts = vectors.map(({ endpoint }) => nameOf(endpoint))
  const tooOften = vectors.filter(({ endpoint, resolution }) => {
    const sameName = hosts.filter((host) => host === nameOf(endpoint)).length
    return resolver.asked(endpoint) > (resolution ? sameName : 0)
  })
  expect(tooOften).toEqual([])
})

test('T4 I-125 E-22 a name that is rebound after its check is reached where it was checked, and refused the next time', async () => {
  const { endpoint } = rebinding(loopback.port)
  const id = await approved('rebound', endpoint)
  // the receiver at the allowed address resets the connection
  expect(await op.attempted(id)).toMatchObject({ status: 'owed', reason: 'no answer: ECONNRESET' })
  expect(loopback.reached).toEqual(['127.0.0.9'])
  expect(resolver.asked(endpoint)).toBe(1)
  op.clock.advance(10)
  expect(await op.attempted(id, 2)).toMatchObject({ status: 'failed', reason: expect.stringContaining('127.0.0.1') })
  expect(loopback.reached).toEqual(['127.0.0.9'])
})

test.each(Object.keys(garbage).map((name, at) => ({ name, at })))(
  'I-124 a resolver that answers $name costs nothing but an attempt',
  async ({ at }) => {
    const told = await op.attempted(await approved(`garbage ${at}`, odd[at]!.endpoint))
    expect(told).toMatchObject({ status: 'owed', attempts: 1, reason: expect.any(String) })
    expect(loopback.reached).toEqual([])
  },
)

test.each([
  'http://allowed.example/',
  'https://user:password@allowed.example/',
  'https://allowed.example/#fragment',
  'https://',
  'https:\\\\allowed.example',
  'ftp://allowed.example/',
  'https://allowed.example:99999/',
  'https://[fe80::1%25lo]/',
  'https://256.0.0.1/',
])('E-22 a client whose endpoint became %s is not called, and holds up nobody else', async (endpoint) => {
  const { port } = loopback
  const clientId = `became ${endpoint}`
  await op.keep(clientId, sane(port).endpoint)
  const id = await op.held(clientId)
  await op.keep(clientId, endpoint)
  await op.provider.deferrals.approve(id)
  expect((await op.attempted(id)).status).toMatch(/owed|failed/)
  expect(loopback.reached).toEqual([])
})

test.each(['localhost', 'LOCALHOST.', 'op.localhost'])('E-22 %s is loopback without asking anybody', async (host) => {
  const plain = await startNotifying({ ports: [loopback.port] })
  try {
    await plain.keep('client', `https://${host}:${loopback.port}/`)
    const id = await plain.held('client')
    await plain.provider.deferrals.approve(id)
    expect(await plain.attempted(id)).toMatchObject({ status: 'failed', reason: expect.stringContaining('127.0.0.1') })
    expect(loopback.reached).toEqual([])
  } finally {
    await plain.close()
  }
})

// last: what it leaves owed is tried again whenever time goes on
test('C73 E-27 a resolver that throws or never answers is asked again later, and holds up nobody else', async () => {
  const { port } = loopback
  const endpoints = { hangs: `https://hangs.example:${port}/`, throws: `https://throws.example:${port}/` }
  const ids: string[] = []
  for (const [clientId, endpoint] of Object.entries({ ...endpoints, sane: sane(port).endpoint })) {
    await op.keep(clientId, endpoint)
    ids.push(await op.held(clientId))
  }
  const begun = performance.now()
  for (const id of ids) await op.provider.deferrals.approve(id)
  const [hanging = '', throwing = '', other = ''] = ids
  await op.attempted(other)
  expect(await op.attempted(throwing)).toMatchObject({ status: 'owed' })
  expect(performance.now() - begun).toBeLessThan(2900)
  expect((await op.provider.deferrals.get(hanging))?.notification?.reason).toBeUndefined()
  expect(await op.attempted(hanging)).toMatchObject({
    status: 'owed',
    reason: expect.stringMatching(/^no answer: ETIMED?OUT/),
  })
  expect(performance.now() - begun).toBeLessThan(8000)
})
