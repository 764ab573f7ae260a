/*
 * Authorization API 1.0, "Policy Decision Point Metadata": where the endpoints of the policy decision point are.
 */
import type { JsonObject } from '../index.js'
import { type Ask, Unavailable } from './http.js'

const wellKnown = '/.well-known/authzen-configuration'
// for an answer without Cache-Control
const defaultAge = 300
const longestAge = 86_400

/** Endpoints that the operator has configured. */
export interface Endpoints {
  evaluation?: string
  evaluations?: string
  accessRequest?: string
}

/** The endpoints in use. */
export interface Metadata {
  evaluation: string
  evaluations: string
  /** absent: the policy decision point knows no access requests */
  accessRequest?: string
  /** the access request endpoint that the metadata names: only its origin is trusted without a list */
  advertised?: string
}

/** Reads the metadata, at most once per lifetime. Rejects with `Unavailable`. */
export type ReadMetadata = () => Promise<Metadata>

/** Reads the metadata of this policy decision point. Configured endpoints take precedence. */
export function createMetadata(pdp: string, configured: Endpoints, ask: Ask): ReadMetadata {
  const base = pdp.replace(/\/$/, '')
  let known: { metadata: Metadata; until: number } | undefined
  let reading: Promise<Metadata> | undefined

  async function read(): Promise<Metadata> {
    const answer = await ask({ method: 'GET', url: wellKnownUrl(pdp) })
    const document = answer.status === 404 ? {} : answer.body
    if (!document || (answer.status !== 200 && answer.status !== 404)) {
      throw new Unavailable(`the metadata of the policy decision point cannot be read: ${answer.status}`)
    }
    if (answer.status === 200 && document.policy_decision_point !== pdp) {
      throw new Unavailable('the metadata belong to another policy decision point')
    }
    const metadata = metadataOf(base, document, configured)
    known = { metadata, until: performance.now() + ageOf(answer.headers['cache-control']) * 1000 }
    return metadata
  }

  return async () => {
    if (known && known.until > performance.now()) return known.metadata
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
}

/** The well-known path comes before the path of the policy decision point (RFC 8615). */
export function wellKnownUrl(pdp: string): string {
  const { origin, pathname } = new URL(pdp)
  return `${origin}${wellKnown}${pathname.replace(/\/$/, '')}`
}

function metadataOf(base: string, document: JsonObject, configured: Endpoints): Metadata {
  const textOf = (name: string) => (typeof document[name] === 'string' ? document[name] : undefined)
  const advertised = textOf('access_request_endpoint')
  const accessRequest = configured.accessRequest ?? advertised
  return {
    evaluation: configured.evaluation ?? textOf('access_evaluation_endpoint') ?? `${base}/access/v1/evaluation`,
    evaluations: configured.evaluations ?? textOf('access_evaluations_endpoint') ?? `${base}/access/v1/evaluations`,
    ...(accessRequest !== undefined && { accessRequest }),
    ...(advertised !== undefined && { advertised }),
  }
}

function ageOf(header: string | string[] | undefined): number {
  const value = [header].flat().join(',')
  if (/\bno-(store|cache)\b/i.test(value)) return 0
  const [, age] = /\bmax-age=(\d{1,9})\b/i.exec(value) ?? []
  return age === undefined ? defaultAge : Math.min(Number(age), longestAge)
}
