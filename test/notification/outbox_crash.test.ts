import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { notifiedAt } from '../support/clients.js'
import { describeMongo } from '../support/database.js'
import { basic, deferred } from '../support/journey.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { observedStore } from '../support/observed.js'
import type { TestProvider } from '../support/provider.js'
import { answering, until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { type Fleet, startFleet, stocks } from './fleet.js'

const hold = 15

describeMongo('a process that dies', () => {
  let fleet: Fleet
  let survivor: TestProvider
  let database: string
  const children: ProviderNode[] = []

  // by the clock of the database, which no test moves
  beforeEach(async () => {
    const stock = await stocks.MongoDB()
    database = stock.db.databaseName
    fleet = await startFleet(stock)
    survivor = await fleet.start()
  })

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()))
    await fleet.close()
  })

  async function doomed(death: 'beforeItAnswers' | 'beforeItArms' | 'beforeItSettles', worker: boolean) {
    const { port, notification } = fleet.receiver
    const { allow = [], ports = [port], ca = '' } = notification
    const child = await startNode({
      uri: process.env.DEFERRED_TEST_MONGODB_URI as string,
      database,
      issuer: survivor.issuer,
      clients: notifiedAt(fleet.receiver.endpoint),
      modules: { store: new URL(`./dying_nodes.js#${death}`, import.meta.url).href },
      deferred: {
        keys: [Buffer.from(fleet.key).toString('base64url')],
        notification: { allow, ports, ca, worker, hosts: { 'rp.example': ['127.0.0.1'] } },
      },
    })
    children.push(child)
    return child
  }

  /** Decided by the survivor before the doomed one is asked for the handle. */
  async function decidedFirst({ origin }: ProviderNode) {
    const { code, id } = await deferred(survivor, relyingParty(survivor.issuer))
    await survivor.provider.deferrals.approve(id)
    return { id, answer: relyingParty(origin).exchange(code) }
  }

  /** Nothing leaves while it is held back, and one notification when it is not any more. */
  async function heldBack(id: string): Promise<void> {
    const { notBefore, due } = await fleet.told(id)
    expect(due).toEqual(notBefore)
    const left = (notBefore.getTime() - fleet.clock.now().getTime()) / 1000
    // written by the clock of the database, which is ahead of the test's by what has passed meanwhile
    expect(left).toBeGreaterThan(hold - 1)
    fleet.clock.advance(left - 0.5)
    const probe = await fleet.begin(survivor, 'other')
    await survivor.provider.deferrals.deny(probe.id)
    expect(fleet.heard(id)).toEqual([])
    fleet.clock.advance(2)
    await fleet.settled(probe.id, 'delivered')
    await fleet.settled(id, 'delivered')
    expect(fleet.heard(id)).toHaveLength(1)
  }

  test('O-090 C71 with the exchange written and not answered leaves a decision that is told 15 s later', async () => {
    const child = await doomed('beforeItAnswers', false)
    const { id, answer } = await decidedFirst(child)
    await expect(answer).rejects.toThrow()
    await child.ended
    expect(await fleet.told(id)).toMatchObject({ status: 'owed', attempts: 0 })
    await heldBack(id)
  })

  test('I-098 with the deferral written and not answered leaves one whose decision is told 15 s later', async () => {
    const child = await doomed('beforeItAnswers', false)
    const request = { grant_type: 'client_credentials', completion_mode: 'deferred' }
    await expect(relyingParty(child.origin).token(request)).rejects.toThrow()
    await child.ended
    const [deferral] = (await survivor.provider.deferrals.list({ clientId: 'secret', limit: 1 })).deferrals
    const { id } = deferral!
    expect(deferral).toMatchObject({ grantType: 'client_credentials', notification: { status: 'waiting' } })
    await survivor.provider.deferrals.deny(id)
    await heldBack(id)
  })

  test('I-098 E-23 with the answer out and nobody told of it leaves a decision that is told 15 s later', async () => {
    const child = await doomed('beforeItArms', false)
    const { id, answer } = await decidedFirst(child)
    await answer.catch(() => undefined)
    await child.ended
    await heldBack(id)
  })

  test('E-24 while it sends is taken over from when its lease ends: attempt 2, and never two at once', async () => {
    const { receiver, clock } = fleet
    const child = await doomed('beforeItSettles', true)
    const begun = await relyingParty(child.origin).token({
      grant_type: 'client_credentials',
      completion_mode: 'deferred',
    })
    const id = (begun.body.deferral_code as string).slice(0, 22)
    // the database's clock is ahead of it by now; the survivor must not be faster than the one that is to die
    await until(async () => (await fleet.told(id)).notBefore.getTime() - Date.now() < 0)
    let open = 0
    let most = 0
    receiver.behave = (response, { headers }) => {
      open += 1
      most = Math.max(most, open)
      response.once('close', () => {
        open -= 1
      })
      // the first one dies in the middle of it
      if (headers['delivery-attempt'] === '1') child.kill('SIGKILL')
      else answering(204)(response, undefined as never, 0, undefined as never)
    }
    await child.deferrals.approve(id)
    await child.ended
    expect(fleet.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1'])
    const leased = await fleet.told(id)
    expect(leased).toMatchObject({ status: 'owed', attempts: 1, fence: 1 })
    expect(leased.due!.getTime() - leased.attemptedAt!.getTime()).toBe(10_000)
    clock.advance((leased.due!.getTime() - clock.now().getTime()) / 1000)
    expect(await fleet.settled(id, 'delivered')).toMatchObject({ attempts: 2, fence: 2 })
    expect(fleet.heard(id).map(({ headers }) => headers['delivery-attempt'])).toEqual(['1', '2'])
    expect(most).toBe(1)
  })
})

describe('a connection that dies', () => {
  test('O-090 before the exchange is answered does not let a decision go: it is told 15 s later', async () => {
    const stock = await stocks.memory()
    const observed = observedStore(stock.store)
    const fleet = await startFleet({ ...stock, store: observed.store })
    const op = await fleet.start()
    const { code, id } = await deferred(op, relyingParty(op.issuer))
    await op.provider.deferrals.approve(id)
    const socket = connect(Number(new URL(op.origin).port), '127.0.0.1')
    observed.interrupt('swap exchanged', async () => {
      socket.destroy()
      // until the provider knows
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    })
    const { authorization } = basic('secret', 'a secret of the client')
    const body = new URLSearchParams({
      grant_type: 'urn:openid:params:grant-type:deferred',
      deferred_code: code,
    }).toString()
    const type = 'application/x-www-form-urlencoded'
    socket.write(
      `POST /token HTTP/1.1\r\nhost: op\r\nauthorization: ${authorization}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await until(async () => (await fleet.record(id)).exchangedAt !== undefined)
    const since = fleet.clock.now().getTime()
    expect((await fleet.told(id)).due?.getTime()).toBe(since + hold * 1000)
    fleet.clock.advance(14)
    const probe = await fleet.begin(op, 'other')
    await op.provider.deferrals.deny(probe.id)
    expect(await fleet.told(id)).toMatchObject({ status: 'owed', attempts: 0 })
    fleet.clock.advance(1)
    await fleet.settled(probe.id, 'delivered')
    await fleet.settled(id, 'delivered')
    await fleet.close()
  })
})
