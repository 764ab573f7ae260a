import { randomBytes } from 'node:crypto'
import { type DeferralStore, memoryStore } from 'oidc-provider-deferred'
import { mongoStore } from 'oidc-provider-deferred/mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { payingClients } from '../support/clients.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { held, pollDeferral } from '../support/deferral.js'
import { deferred } from '../support/journey.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { relyingParty } from '../support/relying_party.js'
import { resourceIndicators, richAuthorizationRequests } from '../support/rich_authorization_requests.js'
import { userAgent } from '../support/user_agent.js'
import { dump } from './dump.js'
import { finder } from './haystack.js'

const places = ['account', 'nonce', 'scope', 'claim', 'detail', 'context', 'title', 'step', 'uri'] as const
const ofReviewers = ['comment', 'note', 'description', 'sign'] as const
const endings = ['left open', 'approved', 'denied', 'cancelled', 'redeemed'] as const

/** One text for each place that says something of a person. */
const marked = () => {
  const names = [...places, ...ofReviewers].map((name) => [name, `${name}-${randomBytes(20).toString('hex')}`])
  return Object.fromEntries(names) as Record<(typeof places)[number] | (typeof ofReviewers)[number], string>
}
type Marks = ReturnType<typeof marked>

/** The places whose text is in the dump, in any form. */
function found(marks: Marks, text: string): string[] {
  const hits = finder(Object.values(marks))(text)
  return Object.keys(marks).filter((place) => hits.some(({ secret }) => secret === marks[place as keyof Marks]))
}

function leavesNothing(open: () => { store: DeferralStore; contents: (issuer: string) => Promise<string> }): void {
  let op: TestProvider
  let contents: (issuer: string) => Promise<string>
  let marks: Marks

  beforeAll(async () => {
    const { store, ...rest } = open()
    contents = rest.contents
    op = await startProvider({
      configuration: {
        ...payingClients,
        features: {
          richAuthorizationRequests: richAuthorizationRequests(() => {}) as never,
          claimsParameter: { enabled: true },
          resourceIndicators: resourceIndicators as never,
        },
      },
      deferred: {
        store,
        retryWindow: 30,
        defer: (_ctx, { profile, canWait }) =>
          (profile === 'openid' || canWait) && {
            title: marks.title,
            queue: 'payments',
            context: { more: marks.context },
          },
      },
    })
  })
  afterAll(() => op.close())

  const request = () => ({
    scope: `openid ${marks.scope}`,
    nonce: marks.nonce,
    resource: 'https://pay.example/',
    claims: JSON.stringify({ id_token: { email: { value: marks.claim } } }),
    authorization_details: JSON.stringify([{ type: 'payment', creditor: marks.detail }]),
  })

  /** One that waits, with every text in it; `poll` takes the tokens. */
  async function begun(profile: 'openid' | 'oauth') {
    const rp = relyingParty(op.issuer)
    op.user.interaction = { accountId: marks.account, context: { note: marks.context } }
    if (profile === 'oauth') {
      const turn = { request: { ...request(), prompt: 'consent' } }
      const { id, deferralCode } = await held(op, rp, 'authorization_code', turn)
      return { id, poll: () => pollDeferral(rp, deferralCode) }
    }
    const { id, code } = await deferred(op, rp, { request: { ...request(), prompt: 'consent' }, agent: userAgent() })
    const { body } = await rp.exchange(code, { scope: `openid ${marks.scope}` })
    return { id, poll: () => rp.poll(body.deferred_auth_id) }
  }

  /** What reviewers do and say on the way, and how it ends. */
  async function reviewed(
    id: string,
    poll: () => Promise<unknown>,
    isOauth: boolean,
    ending: (typeof endings)[number],
  ) {
    const { deferrals } = op.provider
    await deferrals.progress(id, { step: marks.step, by: [marks.account, 'robin'] })
    await deferrals.comment(id, { by: marks.account, text: marks.comment })
    await deferrals.assign(id, { to: marks.sign, by: marks.account, for: 900 })
    if (isOauth) await deferrals.requireInteraction(id, { uri: `https://${marks.uri}.example/` })
    const by = ['robin', marks.account]
    if (ending === 'approved' || ending === 'redeemed') await deferrals.approve(id, { by, note: marks.note })
    if (ending === 'denied') await deferrals.deny(id, { by, note: marks.note, description: marks.description })
    if (ending === 'cancelled') await deferrals.cancel(id, { by })
    if (ending === 'redeemed') await poll()
  }

  describe.each(['openid', 'oauth'] as const)('%s profile', (profile) => {
    test.each(endings)('nothing of the person is left of what was %s', async (ending) => {
      marks = marked()
      const { id, poll } = await begun(profile)
      await reviewed(id, poll, profile === 'oauth', ending)
      const status = { 'left open': 'pending' }[ending as string] ?? ending
      expect(await op.provider.deferrals.get(id)).toMatchObject({ status, title: marks.title })
      // the search finds all that was put in, but where somebody else has taken it out already
      const isDecided = ending !== 'left open' && ending !== 'cancelled'
      const said = { comment: true, note: isDecided, description: ending === 'denied', sign: true }
      const expected = [...places, ...ofReviewers.filter((name) => said[name])]
      const absent = profile === 'openid' ? 'uri' : 'scope'
      expect(found(marks, await contents(op.issuer))).toEqual(expected.filter((place) => place !== absent))

      expect(await op.provider.deferrals.erase({ accountId: marks.account }, { by: marks.account })).toEqual({
        erased: 1,
      })
      await poll()
      await op.provider.deferrals.comment(id, { by: marks.account, text: marks.comment })
      expect(found(marks, await contents(op.issuer))).toEqual([])
      expect(await op.provider.deferrals.get(id)).toMatchObject({ queue: 'payments', clientId: 'secret' })
    })
  })
}

describe('erased in memory', () => {
  const store = memoryStore()
  const contents = async (issuer: string) =>
    JSON.stringify(await store.list({ issuer, limit: 1000, history: true }, new Date()))
  leavesNothing(() => ({ store, contents }))
})

describeMongo('erased in MongoDB', () => {
  const database = useDatabase()
  const contents = async () => (await dump(database.db)).get('collection deferrals') as string
  leavesNothing(() => ({ store: mongoStore(database.db), contents }))
})
