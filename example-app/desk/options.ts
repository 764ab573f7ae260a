import type { Deferrals } from 'oidc-provider-deferred'
import type { Storage } from '../storage/storage.js'

/** What the desk works with. */
export interface DeskOptions {
  deferrals: Deferrals
  storage: Pick<Storage, 'evidence' | 'history'>
  /** Signs cookies and CSRF tokens. */
  key: string
  /** Where customers are asked to confirm. */
  confirmation: string
}
