import type { Provider } from 'oidc-provider'
import { moved } from './seams.js'

/** What the plugin adds to the host's own artifacts. */
const additions = { AuthorizationCode: 'deferralHint', RefreshToken: 'deferralUntil' } as const

/**
 * Has the host keep what the plugin adds to its artifacts. Must run before the first instance of either exists: hosts from 9.11
 * on look at the list only once. No public way: the list is the host's.
 */
export function extendPayloads(provider: Provider): void {
  for (const [model, name] of Object.entries(additions)) {
    const Model = (provider as any)[model]
    if (!Array.isArray(Model?.IN_PAYLOAD)) throw moved(`${model}.IN_PAYLOAD`)
    Object.defineProperty(Model, 'IN_PAYLOAD', { value: [...Model.IN_PAYLOAD, name], configurable: true })
    if (!new Model({ [name]: 1 })[name]) throw moved(`${model}.IN_PAYLOAD`)
  }
}
