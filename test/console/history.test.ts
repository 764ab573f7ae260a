import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { memoryStore, type Stored } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revisionIn, staff, startDesk, type TestDesk } from './desk.js'

const reference = readFileSync('docs/reference/deferrals.md', 'utf8')
const table = reference.slice(reference.indexOf('| `event` | Facts |'), reference.indexOf('It is kept whole up to 200'))
const documented = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, names = '']) =>
  [...names.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name).filter((name) => name !== 'event'),
)

describe('the history of a request', () => {
  const store = memoryStore()
  let desk: TestDesk

  beforeAll(async () => {
    desk = await startDesk(
      { operators: () => staff, texts: { person: (id) => (id === 'mina' ? 'Mina Sato' : undefined) } },
      { deferred: { store } },
    )
  })
  afterAll(() => desk.close())

  const page = async (id: string) => (await desk.get(`deferrals/${id}`)).text()

  async function happen(id: string, event: string, facts: object = {}): Promise<void> {
    const now = desk.op.clock.now()
    const before = (await store.find(id, now)) as Stored
    await store.swap(before, { after: { ...before }, entry: { at: now, event, ...facts } }, randomUUID(), now)
  }

  test('has words for every event that the reference has', async () => {
    expect(documented.length).toBeGreaterThan(30)
    for (const event of documented) {
      const id = await desk.add()
      await happen(id, event)
      const html = await page(id)
      expect(html).toContain(`<li class="${event}"><strong>`)
      expect(html).not.toContain(`<strong>${event}</strong>`)
    }
  })

  test('shows an event that it does not know as it is', async () => {
    const id = await desk.add()
    await happen(id, 'constructor')
    expect(await page(id)).toContain('<strong>constructor</strong>')
  })

  test('names the person who did something, in the words of the integrator', async () => {
    const id = await desk.add({ accountId: 'alex' })
    await happen(id, 'resumed', { by: 'mina' })
    await happen(id, 'commented', { by: 'robin', text: 'x' })
    await happen(id, 'commented', { by: 'nobody', text: 'y' })
    const html = await page(id)
    for (const name of ['Mina Sato', 'Robin Vale', 'nobody']) expect(html).toContain(` by <bdi>${name}</bdi>`)
  })

  test.each(['reach_out_attempted', 'leg_sent', 'notification_attempted', 'task_noted', 'claimed'])(
    'a form stays valid when a program did something that no decision rests on: %s',
    async (event) => {
      const id = await desk.add()
      const form = { revision: revisionIn(await page(id)), confirmed: 'yes' }
      await happen(id, event)
      expect((await desk.post(`deferrals/${id}/approve`, form)).status).toBe(303)
    },
  )

  test.each(['leg_refused', 'leg_ended', 'commented'])('but not after %s', async (event) => {
    const id = await desk.add()
    const form = { revision: revisionIn(await page(id)), confirmed: 'yes' }
    await happen(id, event)
    expect((await desk.post(`deferrals/${id}/approve`, form)).status).toBe(409)
  })
})
