/** Where the options are, in the host's configuration. */
export const path = 'features.deferredTokenResponse'

/** Throws the `TypeError` of a wrong option; it starts with the option's path and says what to write. */
export function fail(at: string, what: string): never {
  const option = at.startsWith(path) ? at : [path, at].filter(Boolean).join('.')
  throw new TypeError(`${option} ${what}`)
}

/** Checks the options of a function for names it does not know and values of another type; a `TypeError` names the member. */
export function assertMembers(of: string, options: object, types: Record<string, 'string' | 'boolean'>): void {
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(types, name) ? types[name] : undefined
    if (!type) throw new TypeError(`${of}: ${name} is not an option, use ${Object.keys(types).join(', ')}`)
    if (value !== undefined && typeof value !== type) throw new TypeError(`${of}: ${name} must be a ${type}`)
  }
}
