/*
 * Authorization API 1.0, "Information Model": one question to the policy decision point, and its answer.
 */
import type { JsonObject } from '../index.js'

/** A subject or a resource. */
export interface Entity {
  type: string
  id: string
  properties?: JsonObject
}

/** What a question is about, so that its answer can narrow the tokens. Absent: a denial refuses the whole request. */
export type About =
  /** whether a token may be issued at all for this target */
  | { gate: string }
  /** one scope at one target */
  | { scope: string; target: string }
  /** a part of the entry with this index in `authorization_details` */
  | { detail: number }

/** One question. */
export interface Evaluation {
  subject: Entity
  resource: Entity
  action: { name: string; properties?: JsonObject }
  context?: JsonObject
  about?: About
}

/** One answer. */
export interface Answer {
  decision: boolean
  context: JsonObject
}

/** The questions about one request, in the order in which they are sent. */
export type Mapping = (request: IssuanceRequest) => Evaluation[]

/** A request for tokens, as a mapping gets it. */
export interface IssuanceRequest {
  /** whom the tokens will name */
  subject: Entity
  clientId: string
  /** short name of the grant type, such as `client_credentials` */
  grant: string
  scope: string[]
  /** the resource indicators of the request, or the issuer if there is none; never empty */
  targets: string[]
  authorizationDetails: JsonObject[]
  /** `client_id`, `acr`, `amr`, `auth_time` and `cnf`, where they are known */
  context: JsonObject
}

/** Members of a submission that the form of an access request asks for. */
export interface Filled {
  context?: JsonObject
  requested_access?: JsonObject
}
