import type { Provider } from 'oidc-provider'
import { moved } from '../seams.js'

/** What the plugin adds to the host's own artifacts. */
const additions = {
  AuthorizationCode: ['deferralHint', 'deferralContext'],
  DeviceCode: ['deferralContext'],
  RefreshToken: ['deferralUntil'],
}

/**
 * Has the host keep what the plugin adds to its artifacts. Must run before the first instance of either exists: hosts from 9.11
 * on look at the list only once. No public way: the list is the host's.
 */
export function extendPayloads(provider: Provider): void {
  for (const [model, names] of Object.entries(additions)) {
    const Model = (provider as any)[model]
    if (!Array.isArray(Model?.IN_PAYLOAD)) throw moved(`${model}.IN_PAYLOAD`)
    Object.defineProperty(Model, 'IN_PAYLOAD', { value: [...Model.IN_PAYLOAD, ...names], configurable: true })
    const instance = new Model(Object.fromEntries(names.map((name) => [name, 1])))
    if (!names.every((name) => instance[name])) throw moved(`${model}.IN_PAYLOAD`)
  }
}
