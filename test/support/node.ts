import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type {
  Deferral,
  Deferrals,
  DeferringClientMetadata,
  JsonObject,
  NotificationOptions,
} from 'oidc-provider-deferred'
import { clients, jwks } from './clients.js'

/** The options of notifications, the names that can be looked up in place of what looks them up. */
type PlainNotificationOptions = Omit<NotificationOptions, 'resolve'> & { hosts?: Record<string, string[]> }

/** How a provider process is set up; everything in it survives the way to another process. */
export interface NodeSetup {
  uri: string
  database: string
  /** shared by the nodes of one deployment, which then trust `X-Forwarded-Host`; the node's own origin unless told */
  issuer?: string
  /**
   * URLs of modules whose default export, or the one named after `#`, takes the place of `mongoStore` or `mongoAdapter`; `extension`
   * is called with the provider, and this
   */
  modules?: { store?: string; adapter?: string; extension?: string }
  /** plain members of `features.deferredTokenResponse` */
  deferred?: {
    interval?: number
    ttl?: { deferredCode?: number; deferral?: number }
    keys?: string[]
    notification?: PlainNotificationOptions
  }
  /** other clients than those of the tests */
  clients?: readonly DeferringClientMetadata[]
  /** claims of the interim ID Token */
  interim?: JsonObject
}

/** What the child is told first. */
export type Told = NodeSetup & { clients: readonly DeferringClientMetadata[]; jwks: typeof jwks }

const methods = [
  'get',
  'list',
  'approve',
  'deny',
  'progress',
  'requireInteraction',
  'resume',
  'cancel',
  'extend',
  'close',
] as const

const notificationMethods = ['list', 'replay'] as const

export type Method = 'cpu' | (typeof methods)[number] | `notifications.${(typeof notificationMethods)[number]}`

/** From parent to child. */
export interface Call {
  call: number
  method: Method
  args: unknown[]
}

/** An event of the plugin, and when the process said so: nanoseconds of the clock that all processes of a machine share. */
interface Happening {
  event: string
  deferral: Deferral
  at: bigint
}

/** From child to parent. */
export type Report =
  | { origin: string }
  | Happening
  | { call: number; result: unknown }
  | { call: number; message: string }

/** A provider in a process of its own. */
export interface ProviderNode {
  origin: string
  /** the back office of that process; rejects when it dies before it answers */
  deferrals: Pick<Deferrals, (typeof methods)[number] | 'notifications'>
  /** microseconds of CPU it has used */
  cpu(): Promise<number>
  /** what it wrote to stdout and stderr so far */
  output(): string
  /** the plugin's events in that process so far */
  events: Happening[]
  /** resolves when the process has ended, however */
  ended: Promise<void>
  /** a signal, which may let it live */
  kill(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** Starts a provider process on MongoDB. */
export async function startNode(setup: NodeSetup, env: Record<string, string> = {}): Promise<ProviderNode> {
  const child = fork(fileURLToPath(new URL('./node_main.js', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  })
  const ended = once(child, 'close').then(() => undefined)
  const written = collect(child)
  const { events, origin, call } = converse(child)
  child.send({ clients, jwks, ...setup } satisfies Told)
  const started = await Promise.race([origin, ended])
  if (!started) throw new Error(`the provider process did not start: ${written.join('')}`)
  return {
    origin: started,
    deferrals: backOffice(call),
    cpu: call('cpu') as () => Promise<number>,
    output: () => written.join(''),
    events,
    ended,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill()
      await ended
    },
  }
}

function backOffice(call: (method: Method) => unknown): ProviderNode['deferrals'] {
  return {
    ...Object.fromEntries(methods.map((method) => [method, call(method)])),
    notifications: Object.fromEntries(notificationMethods.map((method) => [method, call(`notifications.${method}`)])),
  } as unknown as ProviderNode['deferrals']
}

function collect({ stdout, stderr }: ChildProcess): string[] {
  const written: string[] = []
  for (const stream of [stdout, stderr]) stream?.setEncoding('utf8').on('data', (text: string) => written.push(text))
  return written
}

function converse(child: ChildProcess) {
  const open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const events: ProviderNode['events'] = []
  let listening: (origin: string) => void = () => undefined
  const origin = new Promise<string>((resolve) => {
    listening = resolve
  })
  child.on('message', (report: Report) => {
    if ('origin' in report) return listening(report.origin)
    if ('event' in report) return events.push(report)
    const { resolve, reject } = open.get(report.call)!
    open.delete(report.call)
    return 'message' in report ? reject(new Error(report.message)) : resolve(report.result)
  })
  child.once('close', () => {
    for (const { reject } of open.values()) reject(new Error('the provider process died'))
  })
  let calls = 0
  const call =
    (method: Method) =>
    (...args: unknown[]) =>
      new Promise<unknown>((resolve, reject) => {
        calls += 1
        open.set(calls, { resolve, reject })
        child.send({ call: calls, method, args } satisfies Call, (error) => error && reject(error))
      })
  return { events, origin, call }
}
