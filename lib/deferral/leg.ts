/** One question to the end-user of a deferral, over CIBA. */
export interface Leg {
  /** `reach_out`: the provider asks by itself. `hint`: the client has sent its handle as a hint */
  kind: 'reach_out' | 'hint'
  openedAt: Date
  /** end of the time to answer */
  until: Date
  /** when the device of the end-user was asked */
  sentAt?: Date
  /** when the end-user answered */
  answeredAt?: Date
  /** when it ended without an answer */
  endedAt?: Date
  reason?: string
}

/** A leg, as it is stored. */
export interface LegRecord extends Leg {
  /** SHA-256 of the auth_req_id */
  hash: string
}
