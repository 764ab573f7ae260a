import type { Provider } from 'oidc-provider'
import { moved } from '../seams.js'

/** The members that the plugin adds to the stored payload of the host's models. */
const additions = {
  AuthorizationCode: ['deferralHint', 'deferralContext'],
  DeviceCode: ['deferralContext'],
  RefreshToken: ['deferralUntil'],
  BackchannelAuthenticationRequest: ['deferralId', 'deferralLeg'],
}

/**
 * Makes the host store the plugin's members. Call it before the first instance of these models exists: hosts from 9.11 on read
 * the list only once. No public way: the host stores only members in its own list, `IN_PAYLOAD`.
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
