import { channel } from 'node:diagnostics_channel'

const operations = ['create', 'exchange', 'poll', 'redeem', 'decide', 'notify', 'store', 'sweep']
const stages = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']
const prefix = 'oidc-provider-deferred'

/** A message, as it was when it was published. */
export interface Published {
  channel: string
  // biome-ignore lint/suspicious/noExplicitAny: every test asserts on the members it cares about
  message: any
}

/** Subscribes to every channel of the library, by its documented name. */
export function watchChannels() {
  const published: Published[] = []
  const names = [
    ...operations.flatMap((operation) => stages.map((stage) => `tracing:${prefix}:${operation}:${stage}`)),
    `${prefix}:change`,
    `${prefix}:link`,
  ]
  const ends = names.map((name) => {
    const listener = (message: unknown) =>
      void published.push({ channel: name, message: { ...Object(message), error: Object(message).error } })
    channel(name).subscribe(listener)
    return () => channel(name).unsubscribe(listener)
  })
  return {
    names,
    published,
    /** the last messages of finished operations */
    ended: (operation: string) =>
      published
        .filter(({ channel }) => channel === `tracing:${prefix}:${operation}:asyncEnd`)
        .map(({ message }) => message),
    changes: () => published.filter(({ channel }) => channel === `${prefix}:change`).map(({ message }) => message),
    end: () => {
      for (const end of ends) end()
    },
  }
}
