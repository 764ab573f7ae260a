import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverClient } from '../provider/clients.js'
import { createBrowser } from './browser.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, expectPage, pending } from './expect.js'

const grant_type = 'urn:ietf:params:oauth:grant-type:deferred'

/** The partner's server, a plain OAuth client. */
function partnerServer({ bank, recorder }: Cast) {
  const { origins } = bank
  const verifier = randomBytes(32).toString('base64url')
  const send = recorder.fetchAs('Partner')
  const parameters = new URLSearchParams({
    client_id: serverClient.id,
    response_type: 'code',
    redirect_uri: `${origins.partner}/`,
    scope: 'statements',
    state: 'books',
    completion_mode: 'deferred deferred_direct',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  return {
    verifier,
    url: `${origins.provider}/op/auth?${parameters}`,
    async poll(deferralCode: string, more: Record<string, string> = {}) {
      const authorization = `Basic ${btoa([serverClient.id, serverClient.secret].map(encodeURIComponent).join(':'))}`
      const body = new URLSearchParams({ grant_type, deferral_code: deferralCode, ...more })
      const answer = await send(`${origins.provider}/op/token`, { method: 'POST', headers: { authorization }, body })
      return (await answer.json()) as Record<string, unknown>
    },
  }
}

/** A plain OAuth client is deferred at the authorization endpoint: the redirect has the handle of its polls. */
export const directScenarios: Scenarios = {
  async "A partner's server, deferred at the authorization endpoint"(cast) {
    const { bank, recorder, reviewer } = cast
    const server = partnerServer(cast)
    const browser = createBrowser(recorder.fetchAs('Browser'))
    const signIn = expectPage(await browser.open(server.url), 'Sign in')
    const form = { account: 'mina', password: 'anything' }
    const confirm = expectPage(await browser.submit(signIn, '/sign-in', form), 'Confirm your request')
    const { searchParams } = (await browser.submit(confirm, '/confirm')).url
    const deferralCode = searchParams.get('deferral_code') ?? ''
    check('the redirect has a deferral_code, and no code', () => {
      ok(deferralCode)
      deepStrictEqual([...searchParams.keys()].sort(), ['deferral_code', 'expires_in', 'interval', 'iss', 'state'])
      equal(searchParams.get('iss'), `${bank.origins.provider}/op`)
    })
    const waiting = async () => (await bank.provider.deferrals.count({ queue: 'partners' })).pending
    const before = await waiting()
    const first = await server.poll(deferralCode, { code_verifier: server.verifier })
    check('the first poll is pending', () => equal(first.error, 'authorization_pending'))
    const after = await waiting()
    check('the reviewers have it from the first poll on', () => equal(after, before + 1))
    await reviewer.approve()
    await sleep(1000)
    const end = await server.poll(deferralCode)
    check('the partner gets tokens', () => equal(end.scope, 'statements'))
    const exchanges = recorder.take()
    checkConversation(exchanges, [pending, '200 access_token expires_in scope token_type'])
    checkNotStored(exchanges)
  },
}
