/*
 * The channels of the library on `node:diagnostics_channel`. Messages carry internal ids, outcomes and times. They never carry a handle,
 * a secret, a token or personal data. Without a subscriber no message is made.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { DeferralStatus, Profile } from '../deferral/deferral.js'
import type { DeferralEvent } from '../deferral/events.js'

const prefix = 'oidc-provider-deferred'

/** The facts of a deferral that messages may carry. */
export interface DeferralFacts {
  /** the internal id, never a handle */
  id: string
  profile: Profile
  queue?: string
}

/** The message of a tracing channel: one object from the start of an operation to its end. */
export interface OperationMessage extends Partial<DeferralFacts> {
  issuer: string
  /** the method of the store or of the back office */
  operation?: string
  /** the result in one word; of a refusal the OAuth error code. Present at the end */
  outcome?: string
  /** number of this attempt at a notification, from 1 */
  attempt?: number
  /** the HTTP status that the attempt was answered with */
  status?: number
  /** `traceparent` of the last step of the deferral, if a subscriber of `link` gave one */
  traceparent?: string
  /** name and code of the error if the operation failed: not its message, which may quote a request */
  error?: unknown
}

/** The message of `change`: one that this process has written. */
export interface ChangeMessage extends DeferralFacts {
  issuer: string
  /** as the events on the provider: `created`, `approved` ... */
  event: DeferralEvent
  status: DeferralStatus
  createdAt: Date
  decidedAt?: Date
  redeemedAt?: Date
}

/** The message of `link`, before a change is written. */
export interface LinkMessage {
  issuer: string
  id: string
  /** the history entry: `created`, `exchanged`, `voted`, `approved` ... */
  event: string
  /** `traceparent` of the step before */
  previous?: string
  /**
   * A subscriber may set it to the W3C `traceparent` of its span. It is stored with creations and decisions, and becomes `previous` of
   * later steps, in whatever process they run.
   */
  traceparent?: string
}

/** The operations that have a tracing channel. */
export const operations = ['create', 'exchange', 'poll', 'redeem', 'decide', 'notify', 'store', 'sweep'] as const

export type Operation = (typeof operations)[number]

/** A channel of `node:diagnostics_channel`, with the type of its messages. */
export interface MessageChannel<M> {
  readonly hasSubscribers: boolean
  publish(message: M): void
  subscribe(listener: (message: M) => void): void
  unsubscribe(listener: (message: M) => void): void
  bindStore<S>(store: AsyncLocalStorage<S>, storeOf: (message: M) => S): void
  unbindStore<S>(store: AsyncLocalStorage<S>): void
}

const tracing = Object.fromEntries(
  operations.map((name) => [name, tracingChannel<unknown, OperationMessage>(`${prefix}:${name}`)]),
)
const channels = tracing as Record<Operation, (typeof tracing)[string]>

// Node.js types the messages of a channel as unknown
const messages = <M>(untyped: object) => untyped as MessageChannel<M>

/** The channels of an operation, for subscribers. */
export function channelsOf(name: Operation): Record<'start' | 'asyncEnd', MessageChannel<OperationMessage>> {
  const { start, asyncEnd } = channels[name]
  return { start: messages(start), asyncEnd: messages(asyncEnd) }
}

export const changeChannel = messages<ChangeMessage>(channel(`${prefix}:change`))
export const linkChannel = messages<LinkMessage>(channel(`${prefix}:link`))

/**
 * Runs an operation. With subscribers it is published on its tracing channel; `factsOf` then adds the facts known at the end, from the
 * result, or without one after an error.
 */
export function traced<T>(
  name: Operation,
  message: OperationMessage,
  work: () => Promise<T>,
  factsOf: (result: T | undefined) => Partial<OperationMessage>,
): Promise<T> {
  return isWatched(channels[name]) ? publish(name, message, work, factsOf) : work()
}

function isWatched({ start, end, asyncStart, asyncEnd, error }: (typeof channels)[Operation]): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

async function publish<T>(
  name: Operation,
  message: OperationMessage,
  work: () => Promise<T>,
  factsOf: (result: T | undefined) => Partial<OperationMessage>,
): Promise<T> {
  let running: Promise<T> | undefined
  // the channel would publish the result, which has more members than messages may have
  const unpublished = async () => {
    running = work()
    const fault = await running.then(
      (result) => void Object.assign(message, { outcome: 'ok', ...factsOf(result) }),
      (error: unknown) => {
        const outcome = refusalOf(error) ?? 'error'
        Object.assign(message, factsOf(undefined), { outcome })
        return outcome === 'error' ? summaryOf(error) : undefined
      },
    )
    if (fault) throw fault
  }
  await channels[name].tracePromise(unpublished, message).catch(() => undefined)
  return running ?? work()
}

const word = /^\w{1,64}$/

/** The code of an OAuth refusal: a normal outcome. */
function refusalOf(error: unknown): string | undefined {
  const { error: code, statusCode } = Object(error)
  return typeof code === 'string' && word.test(code) && statusCode < 500 ? code : undefined
}

/** The error without its message and its other members. */
function summaryOf(error: unknown): Error {
  const { name, code } = Object(error)
  const isWord = (value: unknown): value is string => typeof value === 'string' && word.test(value)
  const summary = Object.assign(new Error(), {
    name: isWord(name) ? name : 'Error',
    ...((isWord(code) || typeof code === 'number') && { code }),
  })
  delete summary.stack
  return summary
}
