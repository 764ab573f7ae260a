import { setTimeout as sleep } from 'node:timers/promises'
import {
  allowInsecureRequests,
  ClientSecretBasic,
  customFetch,
  discovery,
  getDPoPHandle,
  randomDPoPKeyPair,
} from 'openid-client'
import { agentClient } from '../provider/clients.js'
import { spoken } from '../provider/money.js'
import { detailOf, type Payment, paymentOf, paymentsResource } from '../provider/payment.js'
import { type Answer, type Conversation, createConversation } from './conversation.js'

export interface AgentOptions {
  issuer: string
  payment: Payment
  fetch: typeof fetch
  /** Prints a sentence for the person who started the agent. */
  say(sentence: string): void
}

/** Reads the provider's metadata and makes a DPoP key for this conversation. */
export async function conversationWith({
  issuer,
  fetch,
}: Pick<AgentOptions, 'issuer' | 'fetch'>): Promise<Conversation> {
  const { id, secret } = agentClient
  const configuration = await discovery(new URL(issuer), id, secret, ClientSecretBasic(secret), {
    execute: [allowInsecureRequests],
    [customFetch]: (url, { body, ...init }) => fetch(url, { ...init, body: body ?? null }),
  })
  return createConversation(configuration, getDPoPHandle(configuration, await randomDPoPKeyPair()))
}

const durationOf = (seconds: number) =>
  seconds < 7200 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.floor(seconds / 3600)} hours`

function newsOf(answer: Answer & { state: 'pending' }): string {
  if (answer.confirmAt) return `The customer has to confirm. Please open ${answer.confirmAt}`
  return `No decision yet: ${answer.reason}.`
}

/** Asks for a payment and waits for the decision. Returns the granted payment, or `undefined` after a refusal. */
export async function askForPayment(options: AgentOptions): Promise<Payment | undefined> {
  const { payment, say } = options
  const conversation = await conversationWith(options)
  say(`I ask for ${spoken(payment.sum)} from ${payment.customer}'s account to ${payment.creditor}.`)
  const answer = await conversation.ask('payments', paymentsResource, [detailOf(payment)])
  const last = answer.state === 'pending' ? await wait(conversation, answer, say) : answer
  if (last.state !== 'granted') {
    say(`Refused: ${last.reason}.`)
    return undefined
  }
  const granted = paymentOf(last.details[0])
  if (granted) say(`Granted: ${spoken(granted.sum)} of the ${spoken(payment.sum)} I asked for.`)
  say(`authorization_details: ${JSON.stringify(last.details)}`)
  return granted
}

/** Polls at the provider's pace and prints what is new. An unreachable provider has decided nothing, so it polls again. */
async function wait(
  conversation: Conversation,
  first: Answer & { state: 'pending' },
  say: AgentOptions['say'],
): Promise<Exclude<Answer, { state: 'pending' }>> {
  if (!first.handle) return { state: 'refused', reason: first.reason }
  const { deferralCode, expiresIn } = first.handle
  let { interval } = first.handle
  say(`I have to wait, at most ${durationOf(expiresIn)}. I ask again every ${interval} s.`)
  let lastNews = ''
  let answer: Answer = first
  while (answer.state === 'pending') {
    const news = newsOf(answer)
    if (news !== lastNews) say(news)
    lastNews = news
    await sleep((answer.pause ?? interval) * 1000)
    const next = await conversation.poll(deferralCode).catch(() => undefined)
    if (!next) interval += 5
    else answer = next
  }
  return answer
}
