import { type Check, type Finding, fine, found } from './finding.js'

const check = 'server'
const oldest = 6

/** Version and topology. */
export const server: Check = async ({ deployment: { db } }) => {
  const { version } = await db.command({ buildInfo: 1 })
  const hello = await db.command({ hello: 1 })
  return [versionFinding(String(version)), topologyFinding(hello)]
}

function versionFinding(version: string): Finding {
  const says = `MongoDB ${version}`
  if (Number.parseInt(version, 10) >= oldest) return fine(check, says)
  return found(check, says, `upgrade it, the store needs ${oldest}.0 or later`)
}

function topologyFinding({ setName, hosts = [], msg }: { setName?: string; hosts?: string[]; msg?: string }): Finding {
  if (msg === 'isdbgrid') return fine(check, 'sharded cluster')
  if (setName === undefined) {
    return found(check, 'standalone: a decision is lost with the disk', 'in production use a replica set')
  }
  if (hosts.length === 1) return fine(check, `replica set ${setName} with one member: no failover`)
  return fine(check, `replica set ${setName} with ${hosts.length} members`)
}
