import { inspect } from '../../mongodb/store/inspection.js'
import { type Check, type Finding, fine, found } from './finding.js'

const check = 'schema'
const migrate = 'run migrate, or start a node with migrate: true'

/** Collection, validator and indexes, compared with what this version wants. */
export const schema: Check = async ({ deployment: { db, collection } }) => {
  const { exists, version, wantedVersion, isEnforced, missing, isPurging } = await inspect(db, collection)
  const { namespace } = collection
  if (!exists) return [found(check, `${namespace} does not exist`, `check --db and --collection, or ${migrate}`)]
  const findings = [versionFinding(version, wantedVersion)]
  if (!isEnforced) {
    const remedy = "set validationLevel 'strict' and validationAction 'error' with collMod"
    findings.push(found(check, 'the validator is not enforced', remedy))
  }
  const indexes = missing.length
    ? found(check, `indexes are missing: ${missing.join(', ')}`, migrate)
    : fine(check, 'all indexes are there')
  const purging =
    missing.includes('purge') || isPurging ? [] : [fine(check, 'the index purge deletes nothing: delete yourself')]
  return [...findings, indexes, ...purging]
}

function versionFinding(version: number, wanted: number): Finding {
  if (version === wanted) return fine(check, `validator of version ${version}`)
  if (version === 0) return found(check, 'the collection has no validator of this package', migrate)
  const says = `validator of version ${version}, this package has ${wanted}`
  return version < wanted
    ? found(check, says, migrate)
    : found(check, says, 'run the doctor of the version that the nodes have')
}
