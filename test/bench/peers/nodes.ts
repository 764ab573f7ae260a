import { createRequire } from 'node:module'
import type { MongoClient } from 'mongodb'
import { Provider as HostProvider } from 'oidc-provider'
import { mongoAdapter } from 'oidc-provider-deferred/mongodb'
import type { Mongo } from '../../support/mongod.js'
import { relyingParty } from '../../support/relying_party.js'
import { hostConfigurationOf } from '../configuration.js'
import type { PostRequest } from '../load.js'
import { seedsFrom, token } from '../seeds.js'
import { type Place, type Server, start } from '../servers.js'
import { cpuOf } from './cpu.js'
import type { Group, Peer } from './peer.js'

const cibaGrantType = 'urn:openid:params:grant-type:ciba'
const waiting = 2000
const { version: hostVersion } = createRequire(import.meta.url)('oidc-provider/package.json') as { version: string }

type Servers = Record<'ours' | 'host' | 'again' | 'marking', Server>

/** Our deferral poll, oidc-provider's CIBA twice, and once more with an adapter whose `consume` only marks. */
export async function startNodes(mongo: Mongo, client: MongoClient): Promise<Group> {
  const place = { uri: mongo.uri, db: client.db(`bench_${process.pid}_peers`) }
  const servers = {
    ours: await start('ours', place, false),
    host: await start('host', place, false),
    again: await start('host', place, false),
    marking: await start('marking', place, false),
  }
  const { version } = await place.db.admin().serverInfo()
  return {
    versions: [`oidc-provider ${hostVersion}`, `Node.js ${process.versions.node}`, `MongoDB ${version}`],
    peers: await peersOn(servers, place, mongo.pids?.values().next().value),
    async stop() {
      await Promise.all(Object.values(servers).map((server) => server.stop()))
      await place.db.dropDatabase()
    },
  }
}

async function peersOn(servers: Servers, place: Place, database: number | undefined): Promise<Peer[]> {
  const seeds = await seedsFrom(place.db, issuerOf(servers.ours))
  const [deferrals, requests] = [await seeds.pendingPolls(waiting), await seeds.cibaPolls(waiting)]
  const common = (server: Server) => ({
    state: 'MongoDB',
    port: server.port,
    warmUp: 8,
    userinfo: '/me',
    usage: async () => ({ server: (await server.usage()).cpu, database: database ? cpuOf(database) : Number.NaN }),
  })
  const ciba = (server: Server) => ({
    ...common(server),
    kind: 'ciba' as const,
    pending: requests,
    approved: approvedRequest(place, issuerOf(server)),
  })
  const approved = async () => (await seeds.redemptions(1))[0]!
  return [
    { ...common(servers.ours), kind: 'deferral', name: 'deferral poll', pending: deferrals, approved },
    { ...ciba(servers.host), name: 'oidc-provider CIBA' },
    { ...ciba(servers.again), name: 'oidc-provider CIBA again', only: 'pending' },
    { ...ciba(servers.marking), name: 'oidc-provider CIBA, consume only marks', only: 'redemptions' },
  ]
}

function approvedRequest({ db }: Place, issuer: string): () => Promise<PostRequest> {
  // another node of the same provider
  const provider = new HostProvider(issuer, hostConfigurationOf(mongoAdapter(db)))
  return async () => {
    const { body } = await relyingParty(issuer).post('/backchannel', { scope: 'openid', login_hint: 'alice' })
    const grant = new provider.Grant({ clientId: 'secret', accountId: 'alice' })
    grant.addOIDCScope('openid')
    await grant.save()
    await provider.backchannelResult(body.auth_req_id, grant)
    return token({ grant_type: cibaGrantType, auth_req_id: body.auth_req_id })
  }
}

function issuerOf({ port }: Server): string {
  return `http://127.0.0.1:${port}`
}
