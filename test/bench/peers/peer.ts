import type { PostRequest } from '../load.js'

/** CPU microseconds since the start. */
export interface Usage {
  server: number
  database: number
}

/** A running provider that lets a client wait. */
export interface Peer {
  kind: 'deferral' | 'ciba' | 'keycloak'
  name: string
  /** the one measure that it takes part in */
  only?: 'pending' | 'redemptions'
  /** where the state of a request is while the client waits */
  state: string
  port: number
  /** seconds of load until it is as fast as it gets */
  warmUp: number
  /** polls that stay pending, enough of them that none comes before its interval is over */
  pending: PostRequest[]
  /** Resolves to the poll for another request that has just been approved. */
  approved(): Promise<PostRequest>
  /** path of its userinfo endpoint */
  userinfo: string
  usage(): Promise<Usage>
}

/** Peers that share a database. */
export interface Group {
  /** programs and their versions */
  versions: string[]
  peers: Peer[]
  stop(): Promise<void>
}
