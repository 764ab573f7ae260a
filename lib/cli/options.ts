import type { Command, Option } from './command.js'

/** The options of every command. */
export const commonOptions: Readonly<Record<string, Option>> = {
  uri: { value: 'URI', says: 'connection string of MongoDB, instead of MONGODB_URI' },
  db: { value: 'NAME', says: 'database, instead of the one in the connection string' },
  collection: { value: 'NAME', says: 'collection, instead of deferrals' },
  issuer: { value: 'URL', says: 'issuer; found if the collection has exactly one' },
  json: { says: 'one line of JSON instead of a table' },
}

const yes: Option = { says: 'do not ask' }

/** All options of a command. */
export function optionsOf(command: Command): Record<string, Option> {
  return { ...command.options, ...(command.asks && { yes }), ...commonOptions }
}
