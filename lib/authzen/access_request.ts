/*
 * AuthZEN Access Request and Approval Profile, "Check the URLs" and "Construct the Submission": from a denied question to its
 * access request.
 */
import { isObject } from '../deferral/json.js'
import type { JsonObject } from '../index.js'
import { callbackState } from './callback_state.js'
import type { Evaluation, Filled } from './evaluation.js'
import type { Ask } from './http.js'
import type { Metadata } from './metadata.js'
import type { AuthzenSettings } from './options.js'
import { type Item, timeOf } from './task_state.js'

const echoed = ['evaluation_id', 'evaluated_at', 'reason'] as const
const echoedOfRequest = ['expires_at', 'binding_token', 'template'] as const

// every end; `partial` is never asked for
const events = ['approved', 'denied', 'cancelled', 'expired', 'failed']

/** Whether this URL is at a host that may get submissions and credentials. */
export function isTrusted(url: unknown, metadata: Metadata, { accessRequest, endpoints }: AuthzenSettings): boolean {
  if (typeof url !== 'string' || !URL.canParse(url) || !url.startsWith('https://')) return false
  const trusted = [metadata.advertised, endpoints.accessRequest, ...(accessRequest?.trusted ?? [])]
  const origins = trusted.flatMap((other) =>
    other !== undefined && URL.canParse(other) ? [new URL(other).origin] : [],
  )
  return origins.includes(new URL(url).origin)
}

/** Why the access cannot be requested after this denial; `undefined` if it can. */
export function faultOf(context: JsonObject, metadata: Metadata, settings: AuthzenSettings): string | undefined {
  const { access_request: access, evaluation_id: id } = context
  if (!settings.accessRequest || !isObject(access)) return 'access requests are off'
  const endpoint = access.endpoint ?? metadata.accessRequest
  if (!timeOf(access.expires_at)) return 'the denial has no end'
  if (typeof id !== 'string' && typeof access.binding_token !== 'string') return 'the denial cannot be bound'
  const urls = [endpoint, access.form_url, access.request_schema_url].filter((url) => url !== undefined)
  if (endpoint === undefined) return 'there is no access request endpoint'
  if (!urls.every((url) => isTrusted(url, metadata, settings))) return 'the denial names a host that is not trusted'
  return access.request_schema_url !== undefined && !settings.accessRequest.fill
    ? 'nobody can fill the form'
    : undefined
}

/** What a submission is made for. */
export interface Subject {
  deferral: string
  /** the OAuth client, as it is registered */
  client: { id: string; name?: string }
  generation: number
  now: Date
}

/** The access request for a denied question; `undefined` if its form cannot be filled. */
export async function itemOf(
  { evaluation, context, index }: { evaluation: Evaluation; context: JsonObject; index: number },
  { deferral, client, generation, now }: Subject,
  { metadata, settings, ask }: { metadata: Metadata; settings: AuthzenSettings; ask: Ask },
): Promise<Item | undefined> {
  const access = context.access_request as JsonObject
  const filled = await fillForm(access, evaluation, settings, ask)
  if (!filled) return undefined
  const { subject, resource, action } = evaluation
  const until = settings.accessRequest?.requestedSeconds
  const key = `${deferral}-${index}-${generation}`
  const callback = settings.accessRequest?.callback
  const requested = {
    ...filled.requested_access,
    ...(until !== undefined && { requested_until: new Date(now.getTime() + until * 1000).toISOString() }),
  }
  const body = {
    subject,
    resource,
    action,
    // what was evaluated is never overwritten
    context: { ...filled.context, ...evaluation.context },
    ...(Object.keys(requested).length > 0 && { requested_access: requested }),
    client,
    ...(callback && { callback: { endpoint: callback.endpoint, state: callbackState(key, callback.keys), events } }),
    denial: { ...pick(context, echoed), ...pick(access, echoedOfRequest) },
  }
  return {
    index,
    endpoint: String(access.endpoint ?? metadata.accessRequest),
    key,
    body: JSON.parse(JSON.stringify(body)),
    denialExpiresAt: String(access.expires_at),
    attempts: 0,
    due: 0,
  }
}

// values are never made up: without an answer of the integrator's the access cannot be requested
async function fillForm(
  { request_schema_url: url }: JsonObject,
  evaluation: Evaluation,
  { accessRequest }: AuthzenSettings,
  ask: Ask,
): Promise<Filled | undefined> {
  if (url === undefined) return {}
  const { status, body } = await ask({ method: 'GET', url: String(url) })
  return status === 200 && body ? accessRequest?.fill?.(body, evaluation) : undefined
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (object[name] === undefined ? [] : [[name, object[name]]])))
}
