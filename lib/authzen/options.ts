/*
 * The options of `authzen`, their checks and defaults.
 */
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import {
  boolean,
  callback,
  integer,
  isText,
  lifetime,
  listOf,
  type Members,
  mustBe,
  oneOf,
  optional,
  refuse,
  shape,
  string,
  withDefault,
  withRule,
} from '../deferral/shape.js'
import type { Addresses, DeferRequest, Deferring, JsonObject } from '../index.js'
import * as checks from '../options/checks.js'
import { type Alert, safeAlert } from './alert.js'
import { type CallbackCaller, callbackCaller } from './callback_caller.js'
import type { Evaluation, Filled, Mapping } from './evaluation.js'
import type { Authenticate } from './http.js'
import { access, issuance } from './mappings.js'
import type { Endpoints } from './metadata.js'

/** What may be reached, in the words of the option `notification`, and the certificate to show (mutual TLS). */
export interface EgressPermissions {
  allow?: readonly string[]
  deny?: readonly string[]
  ports?: readonly number[]
  ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** PEM certificate of this provider, for mutual TLS */
  cert?: string
  /** its key in PEM */
  key?: string
  resolve?: (hostname: string) => Promise<Addresses> | Addresses
}

/** How the access request service tells that a request is decided. */
export interface CallbackOptions {
  /** the https URL at which `callback` of `authzen` is mounted */
  endpoint: string
  /** 32-byte keys, or their base64url. The first makes the `state` of new requests, all recognise it */
  keys: readonly (Uint8Array | string | undefined)[]
  /** how the service authenticates */
  caller: CallbackCaller
}

/** How denied access is requested at an access request service. */
export interface AccessRequestOptions {
  /** further https origins that may get submissions and credentials, beside that of `access_request_endpoint` in the metadata */
  trusted?: readonly string[]
  /** how often access may be requested anew, if a denial has expired, a request has failed, or an approval does not suffice (1) */
  resubmit?: number
  /** seconds of access to ask for; by default the service decides */
  requestedSeconds?: number
  /** whether approvals may lead to refresh tokens (`false`), which end with the approval: use `rotateRefreshToken`, too */
  refreshTokens?: boolean
  /** asks the service to tell when a request is decided; the provider looks then, and about once a minute all the same */
  callback?: CallbackOptions
  /** fills the form that a denial names, with what is known; `undefined`: the access cannot be requested */
  fill?: (schema: JsonObject, evaluation: Evaluation) => Promise<Filled | undefined> | Filled | undefined
}

/** How a deferral of `authzen` waits. */
export type Terms = Pick<Deferring, 'expiresIn' | 'interval' | 'queue' | 'title' | 'dueIn' | 'context'>

/** The options of `authzen`. */
export interface AuthzenOptions {
  /** the identifier of the policy decision point: an https URL, as in its metadata */
  pdp: string
  /** credentials for the policy decision point and the access request service; none by default */
  authenticate?: Authenticate
  /** how a request becomes questions: by one of the two profiles (`issuance`), or by a function */
  mapping?: 'issuance' | 'access' | Mapping
  /** milliseconds to wait for an answer (2000) */
  timeout?: number
  /** if the policy decision point cannot be asked: refuse with 503, or let clients wait that can (`error`) */
  onUnavailable?: 'error' | 'defer'
  /** if only a part is permitted: refuse the request, or grant that part (`deny`) */
  partial?: 'deny' | 'narrow'
  /** endpoints that take precedence over the metadata */
  endpoints?: Endpoints
  /** the most questions about one request (50); a request with more is refused */
  maxEvaluations?: number
  /** the function of the same name of the host's configuration; needed for clients with pairwise subjects */
  pairwiseIdentifier?: (ctx: KoaContextWithOIDC, accountId: string, client: Client) => Promise<string> | string
  /** requests access where a denial says that it can be requested; the client waits meanwhile. Off by default */
  accessRequest?: AccessRequestOptions
  /** how clients wait */
  terms?: (request: DeferRequest) => Terms
  /** claims that the policy decision point may add to access tokens, see `tokenClaims` */
  claims?: readonly string[]
  /** what may be reached; by default port 443 of public addresses */
  egress?: EgressPermissions
  /** called if an operator has to look at something; by default a warning of the process */
  alert?: Alert
}

const endpoint = mustBe('an absolute https URL without a fragment', isEndpoint)
const names = listOf('a non-empty string', isText)

const egress = shape({
  allow: withDefault(checks.ranges, []),
  deny: withDefault(checks.rangesAndHosts, []),
  ports: withDefault(checks.ports, [443]),
  ca: optional(checks.certificates),
  cert: optional(string),
  key: optional(string),
  resolve: optional(callback()),
} satisfies Members<EgressPermissions>)

const endpoints = shape<Endpoints>({
  evaluation: optional(endpoint),
  evaluations: optional(endpoint),
  accessRequest: optional(endpoint),
})

const callbackOptions = shape({
  endpoint,
  keys: withRule(checks.keys, (keys, at) => {
    if (keys.length === 0) refuse(at, 'must have a key')
  }),
  caller: callbackCaller,
} satisfies Members<CallbackOptions>)

const accessRequest = shape({
  trusted: withDefault(listOf('an https origin', isEndpoint), []),
  resubmit: withDefault(integer('a whole number from 0 to 10', 0, 10), 1),
  requestedSeconds: optional(lifetime),
  refreshTokens: withDefault(boolean, false),
  callback: (value, at) => (value === undefined ? undefined : callbackOptions(value, at)),
  fill: optional(callback()),
} satisfies Members<AccessRequestOptions>)

const members = {
  pdp: endpoint,
  authenticate: withDefault(callback<Authenticate>(), () => ({})),
  mapping: (mapping = 'issuance', at) => (typeof mapping === 'function' ? (mapping as Mapping) : named(mapping, at)),
  timeout: withDefault(integer('whole milliseconds, from 1 to 60000', 1, 60_000), 2000),
  onUnavailable: withDefault(oneOf(['error', 'defer'] as const), 'error'),
  partial: withDefault(oneOf(['deny', 'narrow'] as const), 'deny'),
  endpoints,
  maxEvaluations: withDefault(integer('a whole number from 1 to 1000', 1, 1000), 50),
  pairwiseIdentifier: optional(callback()),
  accessRequest: (value, at) => (value === undefined ? undefined : accessRequest(value, at)),
  terms: withDefault(callback<(request: DeferRequest) => Terms>(), () => ({})),
  claims: withDefault(names, []),
  egress,
  alert: safeAlert,
} satisfies Members<AuthzenOptions>

const optionsShape = shape(members)

/** The options after their checks, with all defaults. */
export type AuthzenSettings = ReturnType<typeof optionsShape>

/** Checks the options; a `TypeError` names the wrong one. */
export function settingsOf(options: AuthzenOptions): AuthzenSettings {
  return optionsShape(options, 'authzen:')
}

function named(mapping: unknown, at: string): Mapping {
  return { issuance, access }[oneOf(['issuance', 'access'] as const)(mapping, at)]
}

function isEndpoint(value: unknown): value is string {
  return typeof value === 'string' && /^https:\/\/[^\s#?\\@]+$/i.test(value) && URL.canParse(value)
}
