import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { authorizationCode, held, pollDeferral, redeem } from '../support/deferral.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { type Answer, type RelyingParty, relyingParty } from '../support/relying_party.js'
import { by, interleave, type Turn, type Turns, takeTurns } from './turns.js'

/** More than any of these requests makes. */
const callsAtMost = 24

const authorization = { scope: 'openid offline_access', prompt: 'consent' }

let turns: Turns
let op: TestProvider
let rp: RelyingParty

const replaying = (code: string): Turn<Answer> => ({
  who: 'replay',
  make: () => redeem(rp, code, { completion_mode: 'deferred' }, by('replay')),
})

/** Every order of two requests in which each of them is interrupted once; resolves to what is wrong with which. */
async function explore<T>(
  prepare: () => Promise<{ pair: [Turn<Answer>, Turn<Answer>]; of: T }>,
  judge: (answers: Record<string, Answer>, of: T) => Promise<string | undefined>,
): Promise<{ wrong: string[]; orders: number }> {
  const wrong: string[] = []
  const seen = new Set<string>()
  for (const swapped of [false, true]) {
    for (let a = 0; a < callsAtMost; a++) {
      for (let b = 0; b < callsAtMost; b++) {
        const { pair, of } = await prepare()
        const [first, second] = swapped ? [pair[1], pair[0]] : pair
        turns.calls.length = 0
        const [one, other] = await interleave(turns, [first, a], [second, b])
        const order = turns.calls.join(', ')
        const verdict = await judge({ [first.who]: one, [second.who]: other }, of)
        if (verdict && !seen.has(order)) wrong.push(`${verdict}: ${order}`)
        const before = seen.size
        seen.add(order)
        // the second one ended before it got there: so it will with every later stop
        if (seen.size === before && b > 0) break
      }
    }
  }
  return { wrong, orders: seen.size }
}

const told = ({ status, body }: Answer) => (status === 200 ? 'tokens' : `${status} ${body.error}`)

/** What the client holds that is still good. */
async function alive({ body }: Answer): Promise<string[]> {
  const { AccessToken, RefreshToken } = op.provider
  const found = [
    body.access_token && (await AccessToken.find(body.access_token)),
    body.refresh_token && (await RefreshToken.find(body.refresh_token)),
  ]
  return found.filter(Boolean).map(({ kind }) => kind)
}

describe.each(['destroys', 'keeps'])('where a revocation %s the Grant', (policy) => {
  beforeEach(async () => {
    turns = takeTurns()
    op = await startProvider({
      configuration: { adapter: turns.adapter, ...(policy === 'keeps' && { revokeGrantPolicy: () => false }) },
      deferred: { store: turns.store, defer: () => true },
    })
    rp = relyingParty(op.issuer)
  })
  afterEach(() => op.close())

  test('C-I17 I1: in no order of a replayed code and a redeeming poll is a token alive after both', async () => {
    const { wrong, orders } = await explore(
      async () => {
        const { code, deferralCode, id } = await held(op, rp, 'authorization_code', { request: authorization })
        await op.provider.deferrals.approve(id)
        const poll = { who: 'poll', make: () => pollDeferral(rp, deferralCode, {}, by('poll')) }
        return { pair: [poll, replaying(code as string)], of: deferralCode }
      },
      async ({ poll, replay }, deferralCode) => {
        if (told(replay!) !== '400 invalid_grant') return `the replay is answered ${told(replay!)}`
        const tokens = await alive(poll!)
        if (tokens.length) return `alive: ${tokens}`
        const later = told(await pollDeferral(rp, deferralCode))
        return later === 'tokens' ? 'a later poll is answered with tokens' : undefined
      },
    )
    process.stderr.write(`replay and poll: ${orders} orders, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
  }, 60_000)

  test('C-I17 I1: in no order of a request and its replay does a deferral outlive what the host has taken for a theft', async () => {
    const { wrong, orders } = await explore(
      async () => {
        const code = await authorizationCode(rp, authorization)
        const make = () => redeem(rp, code, { completion_mode: 'deferred' }, by('request'))
        return { pair: [{ who: 'request', make }, replaying(code)], of: code }
      },
      async ({ request, replay }) => {
        const handles = [request!, replay!].flatMap(({ body }) => body.deferral_code ?? [])
        if (handles.length > 1) return 'two deferrals'
        const isTheft = turns.calls.some((call) => call.endsWith(' AccessToken.revokeByGrantId'))
        for (const handle of handles) {
          const { status: standing } = (await op.provider.deferrals.get(handle.slice(0, 22)))!
          if (isTheft && standing !== 'cancelled') return `${standing} after a theft`
          await op.provider.deferrals.approve(handle.slice(0, 22))
          const { status, body } = await pollDeferral(rp, handle)
          if (isTheft && status === 200) return 'tokens after a theft'
          if (!isTheft && status !== 200) return `${body.error} without a theft`
        }
        return undefined
      },
    )
    process.stderr.write(`request and replay: ${orders} orders, ${wrong.length} wrong\n`)
    expect(wrong).toEqual([])
  }, 60_000)
})
