import type { Deferrals } from 'oidc-provider-deferred'
import type { Storage } from '../storage/storage.js'

/** What the desk needs. */
export interface DeskOptions {
  deferrals: Deferrals
  storage: Pick<Storage, 'evidence' | 'history'>
  /** Signs cookies. */
  key: string
  /** Origin of the confirmation page. */
  confirmation: string
}
