import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'
import { type Loopback, listenOnLoopback, type Watch, watchConnections } from './connections.js'
import { garbage, malformed, nameOf, ownPort, rebinding, refused, resolverOf, type Vector } from './refused_vectors.js'

// `test.each` wants its table before there is a port
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
  resolver = resolverOf([...vectors, ...odd, rebinding(port), ...allowed(port)])
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
const allowed = (port: number) =>
  [sane(port).endpoint, `https://rp.example:${port}/`].map((endpoint) => ({
    name: endpoint,
    endpoint,
    resolution: () => ['127.0.0.9'],
  }))
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

// a delivery asks the rules that a configuration asks
const writings = malformed(anyPort)
  .slice(0, 3)
  .map((endpoint, at) => ({ name: JSON.stringify(endpoint), at }))

test.each(writings)('E-22 a client that was never registered is not called at $name', async ({ at }) => {
  const before = watch.opened(own()).length
  const endpoint = malformed(loopback.port)[at] as string
  expect(await op.attempted(await approved(`writing ${at}`, endpoint))).toMatchObject({
    status: 'failed',
    attempts: 1,
    reason: expect.stringMatching(/^the endpoint must /),
  })
  expect(watch.opened(own()).slice(before)).toEqual([])
})

test('where the issuer is on loopback no name of loopback leads to its own port', async () => {
  const { port } = loopback
  const named = `https://rp.example:${port}/`
  const options = { allow: ['127.0.0.0/8', '::1'], ports: [port], resolve: () => ['127.0.0.9'] }
  const local = await startNotifying(options, { issuer: `http://localhost:${port}` })
  try {
    for (const endpoint of [...ownPort(port).map((vector) => vector.endpoint), named]) {
      await local.keep(endpoint, endpoint)
      const id = await local.held(endpoint)
      const before = watch.opened([]).length
      await local.provider.deferrals.approve(id)
      const reason = endpoint === named ? /which may not be reached$/ : /must not be at the host of this provider$/
      expect(await local.attempted(id)).toMatchObject({ status: 'failed', reason: expect.stringMatching(reason) })
      expect(watch.opened([]).slice(before)).toEqual([])
    }
  } finally {
    await local.close()
  }
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
test('C73 E-27 a resolver that throws or never answers is asked again later, and delays no other client', async () => {
  const { port } = loopback
  const endpoints = { hangs: `https://hangs.example:${port}/`, throws: `https://throws.example:${port}/` }
  const ids: string[] = []
  for (const [clientId, endpoint] of Object.entries({ ...endpoints, sane: sane(port).endpoint })) {
    await op.keep(clientId, endpoint)
    ids.push(await op.held(clientId))
  }
  for (const id of ids) await op.provider.deferrals.approve(id)
  const ended: string[] = []
  const outcomes = ids.map(async (id) => {
    const outcome = await op.attempted(id)
    ended.push(id)
    return outcome
  })
  const [hanging, throwing] = await Promise.all(outcomes)
  // the one that hangs is approved first, and over last
  expect(ended.at(-1)).toBe(ids[0])
  expect(throwing).toMatchObject({ status: 'owed' })
  expect(hanging).toMatchObject({ status: 'owed', reason: expect.stringMatching(/^no answer: ETIMED?OUT/) })
})
