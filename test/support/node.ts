import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Deferrals, DeferringClientMetadata, JsonObject, NotificationOptions } from 'oidc-provider-deferred'
import { clients, jwks } from './clients.js'
import { collect, converse, type Happening } from './node_messages.js'

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
    longPoll?: { seconds?: number; waiters?: number }
    ttl?: { deferredCode?: number; deferral?: number; retention?: number }
    maxPending?: { perAccount?: number; perClient?: number }
    keys?: string[]
    notification?: PlainNotificationOptions
  }
  /** other clients than those of the tests */
  clients?: readonly DeferringClientMetadata[]
  /** clients may send their handle as a hint of CIBA */
  ciba?: boolean
  /** what `defer` says of a token request with this scope, or of a deferred code with it */
  scopes?: Record<string, { quorum?: number; expiresIn?: number }>
  /** claims of the interim ID Token */
  interim?: JsonObject
  /** the parent does not hear of its events: to tell of each costs CPU */
  isSilent?: boolean
}

/** What the child is told of a provider. */
export type Told = NodeSetup & { clients: readonly DeferringClientMetadata[]; jwks: typeof jwks }

const methods = [
  'get',
  'list',
  'count',
  'stats',
  'approve',
  'unvote',
  'deny',
  'progress',
  'comment',
  'assign',
  'requireInteraction',
  'resume',
  'cancel',
  'extend',
  'erase',
  'close',
] as const

const notificationMethods = ['list', 'replay'] as const

export type Method =
  | 'open'
  | 'end'
  | 'cpu'
  | 'memory'
  | 'rss'
  | (typeof methods)[number]
  | `notifications.${(typeof notificationMethods)[number]}`

/** A process in which providers run. */
export interface ProviderProcess {
  /** Another provider; its `stop` leaves the process alive. */
  open(setup: NodeSetup): Promise<ProviderNode>
  /** what it wrote to stdout and stderr so far */
  output(): string
  stop(): Promise<void>
}

/** A provider in another process. */
export interface ProviderNode {
  origin: string
  /** the back office of that process; rejects when it dies before it answers */
  deferrals: Pick<Deferrals, (typeof methods)[number] | 'notifications'>
  /** microseconds of CPU it has used */
  cpu(): Promise<number>
  /** bytes that it uses after a garbage collection: of the whole process, and of its objects */
  memory(): Promise<{ rss: number; heap: number }>
  /** bytes of the whole process, without a garbage collection */
  rss(): Promise<number>
  /** what it wrote to stdout and stderr so far */
  output(): string
  /** its plugin's events so far */
  events: Happening[]
  /** resolves when the process has ended, however */
  ended: Promise<void>
  /** a signal, which may let it live */
  kill(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** Starts a provider on MongoDB in a process of its own. */
export async function startNode(setup: NodeSetup, env: Record<string, string> = {}): Promise<ProviderNode> {
  const { open, stop, output } = startProcess(env)
  try {
    return { ...(await open(setup)), stop }
  } catch (error) {
    await stop()
    throw new Error(`the provider process did not start: ${error} ${output()}`)
  }
}

/** A process without a provider that nobody has to stop: it ends with this process. */
export function startSharedProcess(): ProviderProcess {
  const child = forkNode({})
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
  return processOf(child)
}

function startProcess(env: Record<string, string> = {}): ProviderProcess {
  return processOf(forkNode(env))
}

function forkNode(env: Record<string, string>): ChildProcess {
  return fork(fileURLToPath(new URL('./node_main.js', import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  })
}

function processOf(child: ChildProcess): ProviderProcess {
  const ended = once(child, 'close').then(() => undefined)
  const written = collect(child)
  const output = () => written.join('')
  const { events, calls } = converse(child)
  let providers = 0
  return {
    async open(setup) {
      providers += 1
      const call = calls(providers)
      const ours: Happening[] = []
      events.set(providers, ours)
      const origin = (await call('open')({ clients, jwks, ...setup } satisfies Told)) as string
      return {
        origin,
        deferrals: backOffice(call),
        cpu: call('cpu') as () => Promise<number>,
        memory: call('memory') as ProviderNode['memory'],
        rss: call('rss') as ProviderNode['rss'],
        output,
        events: ours,
        ended,
        kill: (signal) => void child.kill(signal),
        stop: async () => void (await call('end')()),
      }
    },
    output,
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
