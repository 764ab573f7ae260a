import { diag } from '@opentelemetry/api'
import { channelsOf, type MessageChannel, type Operation, type OperationMessage } from '../diagnostics/channels.js'

/** Ends a subscription. */
export type Unsubscribe = () => void

/**
 * Runs telemetry. Its errors go to the logger of OpenTelemetry: Node.js makes an error of a subscriber an uncaught exception, which ends the
 * process.
 */
export function catchTelemetryErrors<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    diag.error('oidc-provider-deferred: telemetry failed', error)
    return undefined
  }
}

/** Subscribes to the messages of one issuer: the channels are those of the process. Errors of the listener are caught. */
export function subscribe<M extends { issuer: string }>(
  channel: MessageChannel<M>,
  issuer: string,
  listener: (message: M) => void,
): Unsubscribe {
  const ofIssuer = (message: M) => {
    if (message.issuer === issuer) catchTelemetryErrors(() => listener(message))
  }
  channel.subscribe(ofIssuer)
  return () => channel.unsubscribe(ofIssuer)
}

/** Calls `onEnd` with the seconds that each operation took. */
export function timed(
  name: Operation,
  issuer: string,
  onEnd: (message: OperationMessage, seconds: number) => void,
): Unsubscribe {
  const { start, asyncEnd } = channelsOf(name)
  const startTimes = new WeakMap<OperationMessage, number>()
  const ends = [
    subscribe(start, issuer, (message) => startTimes.set(message, performance.now())),
    subscribe(asyncEnd, issuer, (message) => {
      const startedAt = startTimes.get(message)
      // begun before this subscription
      if (startedAt !== undefined) onEnd(message, (performance.now() - startedAt) / 1000)
    }),
  ]
  return () => {
    for (const end of ends) end()
  }
}
