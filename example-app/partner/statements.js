// Sends a token request to the bank's provider, on another origin, and polls until it has an answer.
const ask = document.getElementById('ask')
const answer = document.getElementById('answer')
const progress = document.getElementById('progress')
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const deferred = 'urn:ietf:params:oauth:grant-type:deferred'

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

async function post({ token_endpoint, client_id, client_secret }, parameters) {
  const credentials = btoa([client_id, client_secret].map(encodeURIComponent).join(':'))
  const response = await fetch(token_endpoint, {
    method: 'POST',
    headers: { Authorization: `Basic ${credentials}` },
    body: new URLSearchParams(parameters),
  })
  return { body: await response.json(), pause: Number(response.headers.get('Retry-After')) * 1000 }
}

function sayWhy(uri) {
  say(uri ? 'Your bank asks you to confirm.' : 'A person at your bank checks our request.', uri)
}

async function wait(request, deferral_code, pause) {
  await new Promise((resolve) => setTimeout(resolve, pause))
  const next = await post(request, { grant_type: deferred, deferral_code })
  const { access_token, scope, error, error_description, interaction_uri } = next.body
  if (access_token) return say(`Connected: the bank granted ${scope}.`)
  // An answer without Retry-After is final.
  if (!next.pause) return say(`The bank refused: ${error_description ?? error}.`)
  if (error !== 'slow_down') sayWhy(interaction_uri)
  return wait(request, deferral_code, next.pause)
}

async function connect() {
  say('We ask your bank.')
  const request = await (await fetch('/request')).json()
  const { body, pause } = await post(request, {
    grant_type: jwtBearer,
    assertion: request.assertion,
    completion_mode: 'deferred',
  })
  if (!body.deferral_code) return say(`The bank refused: ${body.error_description ?? body.error}.`)
  sayWhy(body.interaction_uri)
  await wait(request, body.deferral_code, pause)
}

ask.addEventListener('click', async () => {
  ask.disabled = true
  try {
    await connect()
  } catch {
    say('Your bank cannot be reached, please try again.')
  }
  ask.disabled = false
})
