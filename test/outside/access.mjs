/* An agent on oauth4webapi, whose requests a policy decision point decides. */
import * as oauth from 'oauth4webapi'
import { check, until } from './checks.mjs'

const grant = 'urn:ietf:params:oauth:grant-type:deferred'
const client = { client_id: 'agent' }
const auth = oauth.ClientSecretBasic('secret')
const insecure = { [oauth.allowInsecureRequests]: true }

/** Plays everything between this provider and this policy decision point. */
export async function access({ issuer }, pdp) {
  const url = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure))
  const answers = []

  async function send(response) {
    const body = await response.clone().text()
    answers.push(body)
    return { status: response.status, ...JSON.parse(body) }
  }
  const ask = async (scope, more = { completion_mode: 'deferred' }) =>
    send(await oauth.clientCredentialsGrantRequest(server, client, auth, { scope, ...more }, insecure))
  const poll = async (deferral_code) => {
    await new Promise((resolve) => setTimeout(resolve, 1100))
    return send(await oauth.genericTokenEndpointRequest(server, client, auth, grant, { deferral_code }, insecure))
  }
  const newTask = (count) => until(() => pdp.tasks()[count])

  const permitted = await ask('reports')
  check('what is permitted gets tokens at once', permitted.status === 200 && permitted.token_type === 'Bearer')
  const denied = await ask('reports secrets')
  check('what is denied is refused', denied.status === 400 && denied.error === 'invalid_scope', denied.error)
  const hidden = await ask('payments', {})
  check(
    'a client that cannot wait is refused',
    hidden.status === 400 && hidden.deferral_code === undefined,
    hidden.error,
  )
  check('and nothing was submitted', pdp.tasks().length === 0)

  const waiting = await ask('payments')
  check(
    'what can be requested waits',
    waiting.error === 'authorization_pending' && waiting.deferral_code?.length === 65,
  )
  const task = await newTask(0)
  const still = await poll(waiting.deferral_code)
  check('the poll is pending', still.error === 'authorization_pending', still.error)
  const looks = task.looks
  const status = await pdp.decideTask(task, 'approved')
  check('the callback is answered 204', status === 204, status)
  await until(() => task.looks > looks, 10)
  const tokens = await until(async () => {
    const answer = await poll(waiting.deferral_code)
    return answer.error === 'authorization_pending' ? undefined : answer
  })
  check('the approval leads to tokens', tokens.status === 200 && tokens.scope === 'payments', tokens.error)
  check('they end with the approval', tokens.expires_in > 60 && tokens.expires_in <= 120, tokens.expires_in)
  check('without a refresh token', tokens.refresh_token === undefined)
  const again = await poll(waiting.deferral_code)
  check('the handle is used up', again.error === 'invalid_grant', again.error)
  check('a callback about what is over is answered 204', (await pdp.decideTask(task, 'approved')) === 204)

  const refused = await ask('payments')
  await pdp.decideTask(await newTask(1), 'denied')
  const end = await until(async () => {
    const answer = await poll(refused.deferral_code)
    return answer.error === 'authorization_pending' ? undefined : answer
  })
  check('a denied task denies', end.error === 'access_denied', end.error)

  const revoked = await ask('payments')
  const open = await newTask(2)
  const gone = await oauth.revocationRequest(server, client, auth, revoked.deferral_code, insecure)
  await oauth.processRevocationResponse(gone)
  await until(() => open.status === 'cancelled')
  check('a revocation cancels the task', open.status === 'cancelled')

  for (const text of answers)
    check(
      'the client reads nothing of tasks and approvals',
      !/arq_|apr_|eval_|boss|two_managers|pdp\.example/.test(text),
      text,
    )
  check(
    'handles and tokens never reach the policy decision point',
    !pdp.seen.some(({ text }) => [waiting.deferral_code, tokens.access_token].some((secret) => text.includes(secret))),
  )
  for (const complaint of new Set(pdp.complaints)) check('the texts allow every request', false, complaint)
  check('the texts allow every request', pdp.complaints.length === 0)
}
