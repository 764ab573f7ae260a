import { refuse } from '../deferral/shape.js'

/** The path of the options in the host's configuration. */
export const path = 'features.deferredTokenResponse'

/** Throws the `TypeError` of a wrong option: the option's path, then `remedy`, which says what to write instead. */
export function fail(option: string, remedy: string): never {
  refuse([path, option].filter(Boolean).join('.'), remedy)
}
