import { authzen } from 'oidc-provider-deferred/authzen'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { type PolicyService, policyService } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { crashing, type Life, lifeUntil } from '../race/crash_point.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { pollDeferral } from '../support/deferral.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'

// leases and pauses take seconds: nobody has to live through all of them
const speed = 4
const beginning = Date.now()
const now = () => new Date(beginning + (Date.now() - beginning) * speed)
const request = { grant_type: 'client_credentials', scope: 'payments', completion_mode: 'deferred' }

describeMongo('a node dies while it looks after an access request', () => {
  const database = useDatabase()
  let service: PolicyService
  const open: (() => Promise<unknown>)[] = []
  // one for each test: the nodes of the test before are still alive, and would take the steps of its deferrals
  let issuer = ''
  let tests = 0

  beforeAll(async () => {
    service = await policyService(({ action }) => (action.name === 'payments' ? 'request' : 'permit'))
  })
  beforeEach(() => {
    tests += 1
    issuer = `https://op${tests}.example`
    service.intercept = () => undefined
  })
  afterAll(async () => {
    // a dead node hangs, and is not waited for
    await Promise.race([Promise.all(open.map((close) => close())), new Promise((end) => setTimeout(end, 2000))])
    await service.close()
  })

  /** A node of the deployment on the clock of the database; with a life it dies at a call of its store. */
  async function node(life?: Life): Promise<TestProvider> {
    const { task, defer, reconsider, close } = authzen({
      pdp: service.pdp,
      egress: service.egress,
      accessRequest: {},
      // a busy machine is no outage
      timeout: 7000,
      alert: () => {},
    })
    const store = mongoStore(database.db)
    const op = await startProvider({
      issuer,
      configuration: { adapter: mongoAdapter(database.db) },
      deferred: {
        store: life ? crashing(store, life) : store,
        keys: [new Uint8Array(32).fill(3)],
        ...(task && { task }),
        defer,
        reconsider,
        now,
      },
    })
    open.push(op.close, close)
    return op
  }

  const ask = async (op: TestProvider) => (await relyingParty(op.origin).token(request)).body.deferral_code as string

  /** The places where a node can die from the request to the approval. */
  async function places(): Promise<string[]> {
    const life = lifeUntil(0, () => {})
    const op = await node(life)
    const id = (await ask(op)).slice(0, 22)
    // by another way: its own calls would be places too
    const store = mongoStore(database.db)
    await until(async () => (await store.find(id))?.status === 'approved')
    await op.close()
    return life.passed.slice(0, life.passed.lastIndexOf('after swap approved') + 1)
  }

  /** A life that ends at this place, and its end. A life that does not end is a fault of the test, and is said so. */
  function mortal(at: number): { life: Life; died: Promise<undefined>; hasDied: () => Promise<void> } {
    let isDead = false
    let die = () => {}
    const died = new Promise<undefined>((resolve) => {
      die = () => resolve(undefined)
    })
    const life = lifeUntil(at, () => {
      isDead = true
      die()
    })
    return { life, died, hasDied: () => until(() => isDead, 60) }
  }

  /** One node dies at this place, another one goes on. Resolves to the deferral's id and to what its client got at last. */
  async function dieAt(at: number, survivor: TestProvider): Promise<{ id: string; last: string } | undefined> {
    const { life, died } = mortal(at)
    const victim = await node(life)
    const created: string[] = []
    victim.provider.on('deferral.created', ({ id }) => void created.push(id))
    const code = await Promise.race([ask(victim).catch(() => undefined), died])
    const [id = code?.slice(0, 22)] = created
    // the other node may have been faster with every step that was left
    const isOver = async () => id !== undefined && (await survivor.provider.deferrals.get(id))?.status === 'approved'
    await Promise.race([died, until(isOver, 60)])
    if (!id || !(await survivor.provider.deferrals.get(id))) return undefined
    await until(async () => (await survivor.provider.deferrals.get(id))?.status !== 'pending', 60)
    if (!code) return { id, last: 'no answer' }
    const answer = await pollDeferral(relyingParty(survivor.origin), code)
    return { id, last: answer.body.error ?? 'tokens' }
  }

  const tasksOf = (id: string) =>
    service.access.list.filter(({ idempotencyKey }) => idempotencyKey?.startsWith(id)).length

  test('V8 X-224 wherever it dies, there is one task, and its approval leads to tokens', async () => {
    service.access.script = 'approve'
    const all = await places()
    const survivor = await node()
    expect(all).toEqual(expect.arrayContaining(['after insert', 'after swap', 'after swap task_noted']))
    const ends = await Promise.all(all.map((_place, index) => dieAt(index + 1, survivor)))
    const wrong = ends.flatMap((end, index) => {
      if (!end) return []
      const found = [tasksOf(end.id), end.last]
      const isRight = found[0] === 1 && ['tokens', 'no answer'].includes(String(found[1]))
      return isRight ? [] : [`${all[index]}: ${found}`]
    })
    expect(wrong).toEqual([])
    expect(ends.filter((end) => end?.last === 'tokens').length).toBeGreaterThan(3)
  })

  test('V8 the same shows a service that ignores the key: two tasks', async () => {
    service.access.script = 'approve'
    service.intercept = ({ path, body, headers }) => {
      if (path !== '/access/v1/requests') return undefined
      const reply = service.access.submit(body ?? {}, null)
      const made = service.access.list.at(-1)
      if (made) made.idempotencyKey = headers.get('idempotency-key')
      return reply
    }
    const all = await places()
    // the task is there, and nobody has kept it
    const at = all.indexOf('before swap task_noted') + 1
    const { life, hasDied } = mortal(at)
    const victim = await node(life)
    const code = await ask(victim)
    await hasDied()
    await node()
    const store = mongoStore(database.db)
    await until(async () => (await store.find(code.slice(0, 22)))?.status === 'approved')
    expect(tasksOf(code.slice(0, 22))).toBe(2)
  })

  test('V9 X-250 the node that has cancelled the deferral dies: another one cancels the task', async () => {
    service.access.script = 'wait'
    const survivor = await node()
    const cancelAt = async (at: number) => {
      const code = await ask(survivor)
      const id = code.slice(0, 22)
      await until(() => tasksOf(id) === 1)
      const { life, died } = mortal(at)
      const victim = await node(life)
      await Promise.race([died, victim.provider.deferrals.cancel(id).catch(() => undefined)])
      if ((await survivor.provider.deferrals.get(id))?.status !== 'cancelled') return 'not cancelled'
      const task = service.access.list.find(({ idempotencyKey }) => idempotencyKey?.startsWith(id))
      await until(() => task?.status === 'cancelled', 60)
      return 'cancelled'
    }
    expect(await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(cancelAt))).toContain('cancelled')
  })
})
