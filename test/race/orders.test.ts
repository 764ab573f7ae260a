import type { DeferralStore } from 'oidc-provider-deferred'
import { afterEach, describe, expect, test } from 'vitest'
import { authorizationCode, grants, pollDeferral, redeem, revoke } from '../support/deferral.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Answer, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { asWritten, swapping, undecided } from './naive_stores.js'
import { type CodeSeed, codeSeeder } from './oauth_seed.js'
import { explore, type Pair, turn } from './orders.js'
import { type Turns, takeTurns } from './turns.js'

type Policy = 'destroys' | 'keeps'

const opted = { completion_mode: 'deferred' }
const idOf = (handle: string) => handle.slice(0, 22)

let turns: Turns
let op: TestProvider
let rp: RelyingParty
/** the same client at a node of its own, which nothing of the first one holds up */
let elsewhere: RelyingParty
let codes: Awaited<ReturnType<typeof codeSeeder>>
let stop: () => Promise<unknown>

/** Two nodes of a provider whose revocations treat the Grant so; `spoil` plants another store. */
async function start(policy: Policy, spoil = (store: DeferralStore) => store): Promise<void> {
  turns = takeTurns()
  const options = {
    issuer: 'http://op.example',
    configuration: { adapter: turns.adapter, ...(policy === 'keeps' && { revokeGrantPolicy: () => false }) },
    deferred: { store: spoil(turns.store), defer: () => true },
  }
  const nodes = [await startProvider(options), await startProvider(options)] as const
  op = nodes[0]
  rp = relyingParty(op.origin)
  elsewhere = relyingParty(nodes[1].origin)
  stop = () => Promise.all(nodes.map((node) => node.close()))
  // by its first code a node learns that the adapter keeps what is consumed
  for (const party of [rp, elsewhere]) await redeem(party, await authorizationCode(party), opted)
  codes = await codeSeeder(turns.adapter, op.origin)
}

/** Planted: a store that is told to cancel, and does not. */
const deaf = (store: DeferralStore) =>
  swapping(store, async (before, change, writeId, now) =>
    change.entry?.event === 'cancelled' ? asWritten(before, change, writeId) : store.swap(before, change, writeId, now),
  )

const told = ({ status, body }: Answer) => (status === 200 ? 'tokens' : `${status} ${body.error}`)

/** What the client was given that is still good. */
async function alive({ body }: Answer): Promise<string[]> {
  const { AccessToken, ClientCredentials, RefreshToken } = op.provider
  const { access_token: access, refresh_token: refresh } = body
  const found = await Promise.all([
    access && AccessToken.find(access),
    access && ClientCredentials.find(access),
    refresh && RefreshToken.find(refresh),
  ])
  return found.filter(Boolean).map(({ kind }) => kind)
}

async function newCode(): Promise<string> {
  const [{ code }] = (await codes(1)) as [CodeSeed]
  return code
}

async function approved(grant: (typeof grants)[number]): Promise<{ deferralCode: string; code: string }> {
  const code = grant === 'authorization_code' ? await newCode() : ''
  const { body } = code ? await redeem(rp, code, opted) : await rp.token({ grant_type: grant, ...opted })
  await op.provider.deferrals.approve(idOf(body.deferral_code))
  return { deferralCode: body.deferral_code, code }
}

async function pollAndReplay(): Promise<Pair<string>> {
  const { code, deferralCode } = await approved('authorization_code')
  const poll = turn('poll', (extras) => pollDeferral(rp, deferralCode, {}, extras))
  return {
    pair: [poll, turn('replay', (extras) => redeem(elsewhere, code, opted, extras))],
    about: deferralCode,
  }
}

async function replayed([poll, replay]: Answer[], deferralCode: string): Promise<string | undefined> {
  if (told(replay!) !== '400 invalid_grant') return `the replay is answered ${told(replay!)}`
  const tokens = await alive(poll!)
  if (tokens.length) return `alive: ${tokens}`
  const later = told(await pollDeferral(rp, deferralCode))
  return later === 'tokens' ? 'a later poll is answered with tokens' : undefined
}

async function requestTwice(): Promise<Pair<undefined>> {
  const code = await newCode()
  const request = (who: string, by: RelyingParty) => turn(who, (extras) => redeem(by, code, opted, extras))
  return { pair: [request('request', rp), request('replay', elsewhere)], about: undefined }
}

async function outlived(answers: Answer[]): Promise<string | undefined> {
  const handles: string[] = answers.flatMap(({ body }) => body.deferral_code ?? [])
  if (handles.length > 1) return 'two deferrals'
  for (const handle of handles) {
    const standing = (await op.provider.deferrals.get(idOf(handle)))?.status
    if (standing !== 'cancelled') return `${standing} although its code was used twice`
    await op.provider.deferrals.approve(idOf(handle))
    const later = told(await pollDeferral(rp, handle))
    if (later === 'tokens') return 'tokens although the code was used twice'
  }
  return undefined
}

async function pollAndRevoke(grant: (typeof grants)[number]): Promise<Pair<string>> {
  const { deferralCode } = await approved(grant)
  const poll = turn('poll', (extras) => pollDeferral(rp, deferralCode, {}, extras))
  return {
    pair: [poll, turn('revocation', (extras) => revoke(elsewhere, deferralCode, {}, extras))],
    about: deferralCode,
  }
}

async function revoked([poll, revocation]: Answer[], deferralCode: string): Promise<string | undefined> {
  if (revocation!.status !== 200) return `the revocation is answered ${told(revocation!)}`
  const status = (await op.provider.deferrals.get(idOf(deferralCode)))?.status
  const isServed = told(poll!) === 'tokens'
  if (status !== (isServed ? 'redeemed' : 'cancelled')) return `${status} and ${told(poll!)}`
  const left = (await alive(poll!)).length > 0
  return left === isServed ? undefined : 'what was delivered is gone'
}

describe.each(['destroys', 'keeps'] as const)('where a revocation %s the Grant', (policy) => {
  afterEach(() => stop())

  test('C-I17 I1: the orders catch a store that does not cancel', async () => {
    await start(policy, deaf)
    expect((await explore(turns, pollAndReplay, replayed, true)).wrong).not.toEqual([])
    expect((await explore(turns, requestTwice, outlived, true)).wrong).not.toEqual([])
  })

  test('C-I17 I1: in no order of a replayed code and a redeeming poll is a token alive after both', async () => {
    await start(policy)
    const { wrong, orders } = await explore(turns, pollAndReplay, replayed)
    process.stderr.write(`replay and poll: ${orders} orders, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
  })

  test('C-I17 I1: in no order of a request and its replay does a deferral outlive the second use', async () => {
    await start(policy)
    const { wrong, orders } = await explore(turns, requestTwice, outlived)
    process.stderr.write(`request and replay: ${orders} orders, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
  })
})

describe.each(grants)('%s', (grant) => {
  afterEach(() => stop())

  test('I-114 I3: the orders catch a redemption that no write decides', async () => {
    await start('destroys', undecided)
    expect((await explore(turns, () => pollAndRevoke(grant), revoked, true)).wrong).not.toEqual([])
  })

  test('I-111 I-113 I-114 I3: in no order of a revocation and a poll do both win', async () => {
    await start('destroys')
    const { wrong, orders } = await explore(turns, () => pollAndRevoke(grant), revoked)
    process.stderr.write(`revocation and poll, ${grant}: ${orders} orders, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
  })
})
