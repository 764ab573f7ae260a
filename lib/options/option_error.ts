import { refuse } from '../deferral/shape.js'

/** Where the options are, in the host's configuration. */
export const path = 'features.deferredTokenResponse'

/** Throws the `TypeError` of a wrong option; it starts with the option's path and says what to write. */
export function fail(option: string, what: string): never {
  refuse([path, option].filter(Boolean).join('.'), what)
}
