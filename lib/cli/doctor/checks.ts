import type { Call } from '../command.js'
import { exitCodeOf, exitCodes, messageOf } from '../failure.js'
import { clock } from './clock.js'
import { type Check, type Finding, found } from './finding.js'
import { keys } from './keys.js'
import { notifications } from './notifications.js'
import { privileges } from './privileges.js'
import { schema } from './schema.js'
import { server } from './server.js'
import { issuers, sweeps, waiting } from './waiting.js'

const checks: Readonly<Record<string, Check>> = {
  server,
  privileges,
  clock,
  schema,
  issuers,
  waiting,
  sweeps,
  notifications,
  keys,
}

/** The names of the checks, in their order. */
export const checkNames = Object.keys(checks)

/** Looks at everything. A check that the database refuses is a finding; a lost connection ends all. */
export async function findingsOf(call: Call): Promise<Finding[]> {
  const all: Finding[] = []
  for (const [name, check] of Object.entries(checks)) {
    try {
      all.push(...(await check(call)))
    } catch (error) {
      if (exitCodeOf(error) !== exitCodes.database || isConnectionLost(error)) throw error
      all.push(found(name, `could not look: ${messageOf(error)}`, 'see the other findings, then run doctor again'))
    }
  }
  return all
}

function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return /^Mongo(Network|ServerSelection|Topology|NotConnected)/.test(error.name) || isConnectionLost(error.cause)
}
