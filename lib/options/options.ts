import type { ClientMetadata, KoaContextWithOIDC, ResponseType } from 'oidc-provider'
import type { Deferral, JsonObject } from '../deferral/deferral.js'
import type { Narrowing } from '../deferral/narrow.js'
import {
  boolean,
  callback,
  integer,
  lifetime,
  type Members,
  optional,
  shape,
  withDefault,
  withRule,
} from '../deferral/shape.js'
import type { DeferralStore } from '../deferral/store.js'
import type { TakeStep } from '../deferral/task.js'
import type { DeferringConfiguration } from '../host/types.js'
import { memoryStore } from '../store/memory.js'
import * as checks from './checks.js'
import { type CibaOptions, ciba } from './ciba.js'
import type { DeferAnswer, DeferRequest, ReconsiderAnswer } from './defer.js'
import { type ProfileOptions, profiles } from './profiles.js'

/** How clients are notified. Every member has a default that works. */
export interface NotificationOptions {
  /**
   * ranges (`10.1.0.0/16`) or single addresses that may be reached although they are not public. The narrowest range of `allow`
   * and `deny` that contains an address decides; of two equal ranges `deny` wins
   */
  allow?: readonly string[]
  /** ranges, single addresses or host names that must not be reached; a host name includes its subdomains */
  deny?: readonly string[]
  /** allowed ports of an endpoint (`[443]`) */
  ports?: readonly number[]
  /** PEM certificates to trust instead of those of Node.js */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** returns all addresses of a host name, instead of the DNS; for example `dns.promises.lookup(name, { all: true })` */
  resolve?: (hostname: string) => Promise<Addresses> | Addresses
  /** whether this node sends notifications (`true`); if not, other nodes send those of its decisions */
  worker?: boolean
}

// the compiler refuses a missing entry, and an entry of another type
const notification = shape({
  allow: withDefault(checks.ranges, []),
  deny: withDefault(checks.rangesAndHosts, []),
  ports: withDefault(checks.ports, [443]),
  ca: optional(checks.certificates),
  resolve: optional(callback()),
  worker: withDefault(boolean, true),
} satisfies Members<NotificationOptions>)

/** Addresses of a host name. */
export type Addresses = readonly (string | { address: string })[]

/** `features.deferredTokenResponse`. Every member has a default that works. */
export interface DeferredTokenResponseOptions {
  /** `false` leaves the host exactly as it is; by default `true` */
  enabled?: boolean
  /** where deferrals are stored; by default `memoryStore()`, with a warning */
  store?: DeferralStore
  /**
   * decides whether a request waits. Called for every request that would get tokens, except refresh requests. A request that has
   * to wait and cannot is refused. For plain `deferred_code`, `false` means "wait with the defaults"
   */
  defer?: (ctx: KoaContextWithOIDC, request: DeferRequest) => Promise<DeferAnswer> | DeferAnswer
  /** 32-byte keys, or their base64url; only needed for notifications. The first encrypts, all decrypt */
  keys?: (Uint8Array | string | undefined)[]
  /** the profiles that clients may use (both), and the parts of the oauth profile that are off by default */
  profiles?: ProfileOptions
  /**
   * times in seconds: life of the deferred code (60), life of a deferral from its exchange on (86400), and how long the record
   * is kept after expiry or end, whichever is later (2592000)
   */
  ttl?: { deferredCode?: number; deferral?: number; retention?: number }
  /**
   * seconds after a redemption (0, at most 300) in which another poll gets the same answer, for clients on bad networks. With 0
   * only the first poll gets it, as the drafts say
   */
  retryWindow?: number
  /** how many requests of one end-user (50) and of one client (no limit) may wait; the next is refused with `access_denied` */
  maxPending?: { perAccount?: number; perClient?: number }
  /** seconds between polls (5) */
  interval?: number
  /** seconds for which a poll with `Prefer: wait` is held at most (0: never), and how many polls a node holds at once (10000) */
  longPoll?: { seconds?: number; waiters?: number }
  /** refuses the exchange of a public client that shows no key (`true`) */
  requireSenderConstraint?: boolean
  /** grants whose token requests may be deferred, of those the host has (`authorization_code`, `client_credentials`) */
  grants?: string[]
  /**
   * called at redemption, after the approval: `false` refuses the tokens for good, `allow` narrows them, `wait` keeps the approval
   * for a later poll
   */
  reconsider?: (
    ctx: KoaContextWithOIDC,
    deferral: Deferral,
    /** the last state of its task, if it has one */
    task?: JsonObject,
  ) => Promise<ReconsiderAnswer> | ReconsiderAnswer
  /** takes the steps of tasks: work at other services that decide deferrals. Needs `keys` */
  task?: TakeStep
  /** per type of authorization details: whether `granted` asks for no more than `requested`; without a rule they must be equal */
  narrow?: Narrowing
  /** claims of an interim ID Token for the exchange response; `undefined`: no interim ID Token */
  interimIdToken?: (
    ctx: KoaContextWithOIDC,
    deferral: Deferral,
  ) => Promise<JsonObject | undefined> | JsonObject | undefined
  /** how deferrals reach their end-user over the host's CIBA; off by default */
  ciba?: CibaOptions
  /** how clients are notified */
  notification?: NotificationOptions
  /** where the cancellation endpoint is mounted (`/deferred/cancel`) */
  routes?: { cancellation?: string }
  /**
   * serves the console at `/deferred/console` below the issuer, for development (`false`): to everybody on this machine, and to
   * nobody else. It is refused with `NODE_ENV=production`
   */
  devConsole?: boolean
  /** test clock; it is called once at the start */
  now?: () => Date
}

type MembersOf<K extends keyof DeferredTokenResponseOptions> = Members<NonNullable<DeferredTokenResponseOptions[K]>>

/** Check and default of each option. The compiler refuses a missing entry, and an entry of another type. */
export const optionsShape = shape({
  enabled: withDefault(boolean, true),
  // each provider gets a store of its own
  store: (store = memoryStore(), at) => checks.deferralStore(store, at),
  defer: optional(callback()),
  keys: withDefault(checks.keys, []),
  profiles,
  // C-O19: the deferred code travels through the browser
  ttl: shape({
    deferredCode: withDefault(integer('whole seconds, from 1 to 600', 1, 600), 60),
    deferral: withDefault(lifetime, 86_400),
    retention: withDefault(lifetime, 2_592_000),
  } satisfies MembersOf<'ttl'>),
  retryWindow: withDefault(integer('whole seconds, from 0 (off) to 300', 0, 300), 0),
  maxPending: shape({
    perAccount: withDefault(checks.cap, 50),
    perClient: optional(checks.cap),
  } satisfies MembersOf<'maxPending'>),
  interval: withDefault(lifetime, 5),
  longPoll: shape({
    seconds: withDefault(integer('whole seconds, from 0 (off) to 300', 0, 300), 0),
    waiters: withDefault(checks.cap, 10_000),
  } satisfies MembersOf<'longPoll'>),
  requireSenderConstraint: withDefault(boolean, true),
  // absent: each of `hostGrants` that the provider has enabled
  grants: optional(checks.deferrableGrants),
  reconsider: optional(callback()),
  task: optional(callback()),
  narrow: withDefault(checks.narrowing, {}),
  interimIdToken: optional(callback()),
  ciba,
  notification,
  routes: shape({ cancellation: withDefault(checks.route, '/deferred/cancel') } satisfies MembersOf<'routes'>),
  devConsole: withRule(withDefault(boolean, false), checks.assertDevelopment),
  now: optional(checks.clock),
} satisfies Members<DeferredTokenResponseOptions>)

/** The options after their checks, with all defaults. */
export type Settings = ReturnType<typeof optionsShape>

type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] }

/** The host's client metadata, with the response types of the openid profile. */
export type DeferringClientMetadata = Omit<Named<ClientMetadata>, 'response_types'> & {
  response_types?: readonly (ResponseType | 'deferred_code' | 'deferred_code code' | 'code deferred_code')[] | undefined
  deferred_client_notification_endpoint?: string | undefined
  [member: string]: unknown
}

/** The host's configuration, with clients that may ask for a deferred code. */
export type HostConfiguration = Omit<DeferringConfiguration, 'clients'> & {
  clients?: readonly DeferringClientMetadata[] | undefined
}
