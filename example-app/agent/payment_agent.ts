import {
  cancel,
  DeferralDenied,
  DeferralExpired,
  DeferralGone,
  type Pending,
  type Tokens,
  wait,
} from 'oidc-provider-deferred/client'
import { type Configuration, ResponseBodyError } from 'openid-client'
import { spoken } from '../provider/money.js'
import { type Payment, paymentOf } from '../provider/payment.js'
import { type BankAddress, discoverBank, requestPayment } from './bank.js'
import { createKey, dpopHandle } from './dpop_key.js'
import { interactionUri } from './interaction_uri.js'
import { loadRequest, removeRequest, type SavedRequest, saveRequest } from './saved_request.js'

export interface AgentOptions extends BankAddress {
  payment: Payment
  /** Where a request is saved while it waits. */
  file: string
  /** Prints a sentence for the person who started the agent. */
  say(sentence: string): void
  /** Ends the wait. The request stays saved. */
  signal?: AbortSignal
}

/**
 * Goes on with the saved request, or asks for a payment, and waits for the decision. Returns the granted payment, or `undefined`
 * when there is none.
 */
export async function askForPayment(options: AgentOptions): Promise<Payment | undefined> {
  const bank = await discoverBank(options)
  const saved = await loadRequest(options.file)
  return saved ? goOn(bank, saved, options) : begin(bank, options)
}

const described = ({ customer, creditor, sum }: Payment) => `${spoken(sum)} from ${customer}'s account to ${creditor}`

async function goOn(bank: Configuration, saved: SavedRequest, options: AgentOptions): Promise<Payment | undefined> {
  options.say(`I go on with my request for ${described(saved.payment)}.`)
  return finish(bank, saved, options)
}

async function begin(bank: Configuration, options: AgentOptions): Promise<Payment | undefined> {
  const { payment, file, say, signal } = options
  signal?.throwIfAborted()
  say(`I ask for ${described(payment)}.`)
  const key = await createKey()
  const outcome = await requestPayment(bank, payment, await dpopHandle(bank, key)).catch((error) => {
    if (error instanceof ResponseBodyError && error.status < 500) return error
    throw error
  })
  if (outcome instanceof ResponseBodyError) return refused(outcome.error_description ?? outcome.error, say)
  if (outcome.tokens) return granted(outcome.tokens, payment, say)
  const request = { payment, key, deferral: outcome.deferral }
  // Before anything else: only this answer has the handle.
  await saveRequest(file, request)
  return finish(bank, request, options)
}

/** Waits, and removes the saved request at the end. After every other error the next start goes on with it. */
async function finish(bank: Configuration, request: SavedRequest, options: AgentOptions): Promise<Payment | undefined> {
  const { payment, deferral, key } = request
  const { file, say, signal } = options
  const rest = deferral.expiresAt - Date.now() / 1000
  if (rest > 0) say(`I have to wait, at most ${durationOf(rest)}. You can stop me: I go on at the next start.`)
  const DPoP = await dpopHandle(bank, key)
  const onPending = newsTo(say, deferral.issuer)
  try {
    const tokens = await wait(bank, deferral, { DPoP, onPending, ...(signal && { signal }) })
    const result = granted(tokens, payment, say)
    await removeRequest(file)
    return result
  } catch (error) {
    if (signal?.aborted && error === signal.reason)
      say(`I stop. My request is in ${file}: the next start goes on with it.`)
    const reason = reasonOf(error)
    if (reason === undefined) throw error
    await removeRequest(file)
    return refused(reason, say)
  }
}

/** Why there will be no tokens; `undefined` for an error that decides nothing. */
function reasonOf(error: unknown): string | undefined {
  const isEnd = [DeferralDenied, DeferralExpired, DeferralGone].some((End) => error instanceof End)
  return isEnd ? (error as Error).message : undefined
}

const durationOf = (seconds: number) =>
  seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.floor(seconds / 3600)} hours`

/** Says what is new. */
function newsTo(say: AgentOptions['say'], issuer: string): (answer: Pending) => void {
  let last = ''
  return (answer) => {
    const uri = interactionUri(answer.interactionUri, issuer)
    const step = answer.progress ? `: ${answer.progress.step}` : ''
    const news = uri ? `The customer has to confirm. Please open ${uri}` : `No decision yet${step}.`
    if (news !== last) say(news)
    last = news
  }
}

function granted({ authorization_details: details = [] }: Tokens, asked: Payment, say: AgentOptions['say']) {
  const payment = paymentOf(details[0])
  if (payment) say(`Granted: ${spoken(payment.sum)} of the ${spoken(asked.sum)} I asked for.`)
  say(`authorization_details: ${JSON.stringify(details)}`)
  return payment
}

function refused(reason: string, say: AgentOptions['say']): undefined {
  say(`Refused: ${reason}.`)
  return undefined
}

/** Tells the provider that nobody waits for the saved request any more. */
export async function cancelPayment(options: Omit<AgentOptions, 'payment' | 'signal'>): Promise<void> {
  const { file, say } = options
  const saved = await loadRequest(file)
  if (!saved) return say('No request waits.')
  const bank = await discoverBank(options)
  await cancel(bank, saved.deferral, { DPoP: await dpopHandle(bank, saved.key) })
  await removeRequest(file)
  say(`I cancelled my request for ${described(saved.payment)}.`)
}
