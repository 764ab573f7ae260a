// Sends a token request to the bank's provider, on another origin, and waits for the answer.
import { DeferralDenied, DeferralExpired, DeferralGone, deferrable, wait } from 'oidc-provider-deferred/client'
import {
  allowInsecureRequests,
  ClientSecretBasic,
  Configuration,
  genericGrantRequest,
  ResponseBodyError,
} from 'openid-client'

const ask = document.getElementById('ask')
const answer = document.getElementById('answer')
const progress = document.getElementById('progress')
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

function say(text, uri) {
  answer.hidden = false
  progress.replaceChildren(text)
  if (!uri?.startsWith('https://')) return
  const link = document.createElement('a')
  link.href = uri
  link.target = '_blank'
  link.rel = 'noopener'
  link.textContent = 'Confirm at the bank'
  progress.append(' ', link)
}

function sayWhy({ interactionUri }) {
  say(interactionUri ? 'Your bank asks you to confirm.' : 'A person at your bank checks our request.', interactionUri)
}

async function connect() {
  say('We ask your bank.')
  const { issuer, token_endpoint, client_id, client_secret, assertion } = await (await fetch('/request')).json()
  const authentication = ClientSecretBasic(client_secret)
  const bank = new Configuration({ issuer, token_endpoint }, client_id, {}, authentication)
  // The demo's provider is plain http, on this machine.
  allowInsecureRequests(bank)
  const { tokens, deferral } = await deferrable(bank, (parameters) =>
    genericGrantRequest(bank, jwtBearer, { assertion, ...parameters }),
  )
  if (deferral) sayWhy(deferral)
  const { scope } = tokens ?? (await wait(bank, deferral, { onPending: sayWhy }))
  say(`Connected: the bank granted ${scope}.`)
}

const endings = [DeferralDenied, DeferralExpired, DeferralGone]

/** What the page says when there will be no tokens. */
function refusalOf(error) {
  if (endings.some((Ending) => error instanceof Ending)) return `The bank refused: ${error.message}.`
  if (error instanceof ResponseBodyError) return `The bank refused: ${error.error_description ?? error.error}.`
  return 'Your bank cannot be reached, please try again.'
}

ask.addEventListener('click', async () => {
  ask.disabled = true
  try {
    await connect()
  } catch (error) {
    say(refusalOf(error))
  }
  ask.disabled = false
})
