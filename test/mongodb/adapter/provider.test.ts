import type { Db } from 'mongodb'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongo, type TestDatabase, testDatabase } from '../../support/database.js'
import { type Answer, Bank } from './bank.js'
import { naiveAdapter } from './naive_adapter.js'
import { mostWinners, type Racer, warm } from './race.js'

const rounds = 5

const times = <Result>(count: number, run: () => Promise<Result>) => Promise.all(Array.from({ length: count }, run))

const issued = (answers: Answer[]) => answers.filter(({ status }) => status === 200).length

const refused = (answers: Answer[]) => answers.filter(({ body }) => body.error === 'invalid_grant').length

describeMongo('oidc-provider on mongoAdapter alone', () => {
  let database: TestDatabase
  let another: Db
  const opened: Bank[] = []

  beforeAll(async () => {
    database = await testDatabase()
    another = await database.connect()
    await mongoAdapter(database.db).migrate()
    await warm(database.db, another)
  })
  afterAll(async () => {
    for (const bank of opened) bank.close()
    await database.drop()
  })

  /** Two nodes with a connection each. */
  async function open(make: (db: Db) => (name: string) => Racer): Promise<Bank> {
    const bank = await Bank.open(make(database.db), make(another))
    opened.push(bank)
    return bank
  }

  async function redeemed(bank: Bank): Promise<Answer[]> {
    const code = await bank.code()
    return times(8, () => bank.redeem(code))
  }

  async function refreshed(bank: Bank): Promise<Answer[]> {
    const { body } = await bank.redeem(await bank.code())
    return times(8, () => bank.refresh(body.refresh_token!))
  }

  async function openedTwice(bank: Bank): Promise<string[]> {
    const requestUri = await bank.push()
    return (await times(2, () => bank.authorize(requestUri))).map(String)
  }

  test('signs in, redeems, introspects and refreshes', async () => {
    const bank = await open(mongoAdapter)
    const { status, body } = await bank.redeem(await bank.code())
    expect([status, body]).toEqual([200, expect.objectContaining({ id_token: expect.any(String), scope: 'openid' })])
    expect((await bank.introspect(body.access_token!)).body).toMatchObject({ active: true, sub: 'alice' })
    const again = await bank.refresh(body.refresh_token!)
    expect(again.status).toBe(200)
    expect(await bank.refresh(body.refresh_token!)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await bank.introspect(again.body.access_token!)).body).toEqual({ active: false })
  })

  test('the races catch an adapter that finds and then writes', async () => {
    const bank = await open(naiveAdapter)
    await bank.code()
    const codeOf = async () => (await openedTwice(bank)).filter((answer) => answer.includes('code=')).length
    expect(await mostWinners(async () => issued(await redeemed(bank)))).toBeGreaterThan(1)
    expect(await mostWinners(async () => issued(await refreshed(bank)))).toBeGreaterThan(1)
    expect(await mostWinners(codeOf)).toBe(2)
  })

  test('a code redeemed 8 times at once on two nodes yields one token set', async () => {
    const bank = await open(mongoAdapter)
    for (let round = 0; round < rounds; round++) {
      const answers = await redeemed(bank)
      expect([issued(answers), refused(answers)]).toEqual([1, 7])
    }
  })

  test('a refresh token used 8 times at once on two nodes yields one token set', async () => {
    const bank = await open(mongoAdapter)
    for (let round = 0; round < rounds; round++) {
      const answers = await refreshed(bank)
      expect([issued(answers), refused(answers)]).toEqual([1, 7])
    }
  })

  test('a pushed request opened twice at once on two nodes yields one code and one invalid_request_uri', async () => {
    const bank = await open(mongoAdapter)
    await bank.code()
    for (let round = 0; round < rounds; round++) {
      const answers = await openedTwice(bank)
      expect(answers.filter((answer) => answer.includes('code='))).toHaveLength(1)
      expect(answers.filter((answer) => answer.includes('invalid_request_uri'))).toHaveLength(1)
    }
  })

  test('a Grant revoked meanwhile is not brought back by saving a copy', async () => {
    const { Grant } = (await open(mongoAdapter)).nodes[0]!
    const id = await new Grant({ clientId: 'rp', accountId: 'alice' }).save()
    const copy = await Grant.find(id)
    await (await Grant.find(id))?.destroy()
    copy?.addOIDCScope('openid email')
    expect(await copy?.save()).toBe(id)
    expect(await Grant.find(id)).toBeUndefined()
  })

  test('a late second approval leaves a redeemed backchannel request redeemed', async () => {
    const provider = (await open(mongoAdapter)).nodes[0]!
    const { BackchannelAuthenticationRequest, Grant } = provider
    const grants = await times(2, async () => {
      const grant = new Grant({ clientId: 'rp', accountId: 'alice' })
      await grant.save()
      return grant
    })
    const request = new BackchannelAuthenticationRequest({ clientId: 'rp', accountId: 'alice' })
    const id = await request.save()
    const late = await BackchannelAuthenticationRequest.find(id)
    await provider.backchannelResult(id, grants[0]!)
    await BackchannelAuthenticationRequest.adapter.consume(id)
    await provider.backchannelResult(late!, grants[1]!)
    const after = await BackchannelAuthenticationRequest.find(id)
    expect(after).toMatchObject({ consumed: expect.any(Number), grantId: grants[0]!.jti })
    await expect(BackchannelAuthenticationRequest.adapter.consume(id)).rejects.toThrow('invalid_grant')
  })
})
