import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { DeferringClientMetadata } from 'oidc-provider-deferred'
import { createAuthority } from '../../support/authority.js'
import { notifiedClient } from '../../support/clients.js'
import { until } from '../../support/receiver.js'

/** A notification as it arrived. */
export interface Arrival {
  id: string
  attempt: number
  /** which provider process sent it */
  sender: string
  /** nanoseconds of the clock that all processes of the machine share */
  at: bigint
}

/** Notification endpoints in a process of their own. */
export interface Receiver {
  /** options with which a provider process reaches them */
  notification: { allow: string[]; ports: number[]; ca: string; hosts: Record<string, string[]> }
  endpointOf(name: string, sender: string): string
  /** the clients as this provider process knows them */
  clients(sender: string): DeferringClientMetadata[]
  /** resolves to what arrived since the last time, as soon as it is this many */
  arrived(count: number, seconds?: number): Promise<Arrival[]>
  stop(): Promise<void>
}

/** Clients whose endpoints answer; each has a host of its own. */
export const answering = ['one', 'two', 'three', 'four']

const names = [...answering, 'hang', 'once']
const hostOf = (name: string) => `${name}.rp.example`

export const secret = 'a secret of every client'

/** Starts them. */
export async function startReceiver(): Promise<Receiver> {
  const { ca, issue } = await createAuthority()
  const hosts = names.map(hostOf)
  const child = fork(new URL('./receiver_main.js', import.meta.url), { serialization: 'advanced' })
  child.send(await issue(hosts))
  const port = await next<number>(child)
  const ask = <T>(wanted: 'count' | 'take') => {
    child.send(wanted)
    return next<T>(child)
  }
  const endpointOf = (name: string, sender: string) => `https://${hostOf(name)}:${port}/${sender}`
  return {
    notification: {
      allow: ['127.0.0.0/8'],
      ports: [port],
      ca,
      hosts: Object.fromEntries(hosts.map((host) => [host, ['127.0.0.1']])),
    },
    endpointOf,
    clients: (sender) => names.map((name) => notifiedClient(name, secret, endpointOf(name, sender))),
    async arrived(count, seconds = 60) {
      await until(async () => (await ask<number>('count')) >= count, seconds)
      return ask<Arrival[]>('take')
    },
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function next<T>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message')
  return message as T
}
