import { deepStrictEqual, equal, match, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { partnerGrant } from '../provider/partner_grant.js'
import type { Cast, Scenarios } from './cast.js'
import { check, checkConversation, checkNotStored, pending } from './expect.js'

interface Ticket {
  token_endpoint: string
  client_id: string
  client_secret: string
  assertion: string
}

/** Sends the requests of a browser whose page on this origin calls the token endpoint: a preflight, then the request. */
function scriptOn(origin: string, send: typeof fetch) {
  return async ({ token_endpoint: url, client_id, client_secret }: Ticket, parameters: Record<string, string>) => {
    const preflight = await send(url, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    })
    const credentials = btoa([client_id, client_secret].map(encodeURIComponent).join(':'))
    const answer = await send(url, {
      method: 'POST',
      headers: { Origin: origin, Authorization: `Basic ${credentials}` },
      body: new URLSearchParams(parameters),
    })
    return { preflight, answer, body: (await answer.json()) as Record<string, unknown> }
  }
}

async function ticketFor({ bank, recorder }: Cast): Promise<Ticket> {
  const answer = await recorder.fetchAs('Script')(`${bank.origins.partner}/request`)
  return (await answer.json()) as Ticket
}

/** A partner's page asks with an assertion of its identity provider: the oauth profile with a grant of the bank's own. */
export const partnerScenarios: Scenarios = {
  async "A partner's page, on another origin"(cast) {
    const { bank, recorder, reviewer } = cast
    const { partner } = bank.origins
    const ask = scriptOn(partner, recorder.fetchAs('Script'))
    const ticket = await ticketFor(cast)
    const request = { grant_type: partnerGrant, assertion: ticket.assertion, completion_mode: 'deferred' }

    const { preflight, answer, body } = await ask(ticket, request)
    check('the browser may send the request', () => {
      equal(preflight.status, 204)
      equal(preflight.headers.get('Access-Control-Allow-Origin'), partner)
      match(preflight.headers.get('Access-Control-Allow-Headers') ?? '', /authorization/i)
    })
    check('the script may read the first answer and its Retry-After', () => {
      equal(answer.headers.get('Access-Control-Allow-Origin'), partner)
      match(answer.headers.get('Access-Control-Expose-Headers') ?? '', /Retry-After/i)
      ok(body.deferral_code)
    })

    await reviewer.approve()
    await sleep(Number(answer.headers.get('Retry-After')) * 1000)
    const grant_type = 'urn:ietf:params:oauth:grant-type:deferred'
    const end = await ask(ticket, { grant_type, deferral_code: String(body.deferral_code) })
    equal(end.answer.headers.get('Access-Control-Allow-Origin'), partner)
    deepStrictEqual(end.body.scope, 'statements')
    const exchanges = recorder.take()
    checkConversation(exchanges, [pending, '200 access_token expires_in scope token_type'])
    checkNotStored(exchanges)
  },

  async 'What a partner cannot do'(cast) {
    const { bank, recorder } = cast
    const script = recorder.fetchAs('Script')
    const ask = scriptOn(bank.origins.partner, script)
    const ticket = await ticketFor(cast)
    const request = { grant_type: partnerGrant, assertion: ticket.assertion, completion_mode: 'deferred' }

    const elsewhere = await scriptOn('https://elsewhere.example', script)(ticket, request)
    check('a script of another site gets no answer', () => {
      equal(elsewhere.answer.headers.get('Access-Control-Allow-Origin'), null)
      equal(elsewhere.body.error, 'invalid_request')
    })
    const impatient = await ask(ticket, { grant_type: partnerGrant, assertion: ticket.assertion })
    check('a client that does not offer to wait gets no token without a review', () =>
      equal(impatient.body.error, 'invalid_request'),
    )
    const again = await ask(ticket, request)
    check('an assertion works once', () => equal(again.body.error, 'invalid_grant'))
    const { assertion } = await ticketFor(cast)
    const forged = await ask(ticket, { ...request, assertion: `${assertion.slice(0, -4)}AAAA` })
    check('a forged assertion does not work', () => equal(forged.body.error, 'invalid_grant'))
  },
}
