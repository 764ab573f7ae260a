/*
 * npm run peers -- [--peer deferral --peer ciba --peer keycloak] [--rounds 2] [--seconds 6] [--redemptions 100]
 *
 * Pending polls and redemptions of this package, of oidc-provider's CIBA and of Keycloak's, on one machine in one run. Every server
 * is a process of its own, the load comes from this one over loopback. All are started first, then one at a time is under load:
 *
 *   pending polls   16 connections; every answer is checked. CPU is of all processes of the server, and of its database, per poll
 *   redemptions     one request is approved, then 64 connections poll for it at the same moment; a round is one request
 *
 * Clients authenticate with client_secret_basic. The shortest interval is 1 s everywhere; no poll comes before it is over, and
 * oidc-provider's CIBA knows none. What is missing on this machine is skipped, and the command that gets it is printed. Keycloak comes
 * from Maven Central, with mvn; PostgreSQL from Debian. Docs: docs/operate/benchmarks.md
 */
import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { MongoClient } from 'mongodb'
import { startMongo } from '../../support/mongod.js'
import { whyNotHydra } from './hydra.js'
import { startKeycloaks } from './keycloak.js'
import { startNodes } from './nodes.js'
import type { Group, Peer } from './peer.js'
import { measurePending } from './pending.js'
import { measureRedemptions } from './redemptions.js'

const { values } = parseArgs({
  options: {
    peer: { type: 'string', multiple: true, default: ['deferral', 'ciba', 'keycloak'] },
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '6' },
    redemptions: { type: 'string', default: '100' },
  },
})

const groups: Group[] = []
try {
  if (isChosen('deferral') || isChosen('ciba')) groups.push(await nodes())
  if (isChosen('keycloak')) groups.push(...(await keycloaks()))
  const machine = `${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  console.log([machine, ...groups.flatMap(({ versions }) => versions)].join(', '))
  console.log(whyNotHydra())
  const peers = groups.flatMap((group) => group.peers).filter(({ kind }) => isChosen(kind))
  const measuredFor = (measure: Peer['only']) => peers.filter(({ only }) => !only || only === measure)
  await measurePending(measuredFor('pending'), { rounds: Number(values.rounds), seconds: Number(values.seconds) })
  await measureRedemptions(measuredFor('redemptions'), Number(values.redemptions))
} finally {
  await Promise.all(groups.map((group) => group.stop()))
}

function isChosen(kind: Peer['kind']): boolean {
  return values.peer.includes(kind)
}

async function nodes(): Promise<Group> {
  const mongo = await startMongo()
  const client = await MongoClient.connect(mongo.uri)
  const group = await startNodes(mongo, client)
  return {
    ...group,
    async stop() {
      await group.stop()
      await client.close()
      await mongo.stop()
    },
  }
}

/** None, and the reason on the console, where this machine cannot have them. */
async function keycloaks(): Promise<Group[]> {
  try {
    return [await startKeycloaks()]
  } catch (error) {
    console.log(`Keycloak: missing. ${error instanceof Error ? error.message : error}`)
    return []
  }
}
