/*
 * One server of the bench in a process of its own. Says its port when it is up, and whenever asked what it has used so far.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { MongoClient } from 'mongodb'
import { Provider as HostProvider } from 'oidc-provider'
import { type DeferRequest, Provider } from 'oidc-provider-deferred'
import { mongoAdapter, mongoStore } from 'oidc-provider-deferred/mongodb'
import { interact } from '../support/interaction.js'
import { configurationOf, hostConfigurationOf } from './configuration.js'
import { markingAdapter } from './marking_adapter.js'

/** A provider that defers, oidc-provider as it comes, the same with an adapter whose `consume` only marks, Koa with one read. */
export type Subject = 'ours' | 'idle' | 'host' | 'marking' | 'koa'

/** What the process has used since it started: CPU in microseconds, MongoDB commands by name. */
export interface Usage {
  cpu: number
  commands: Record<string, number>
}

const [subject, uri, database, monitor] = process.argv.slice(2) as [Subject, string, string, string?]
const client = await MongoClient.connect(uri, { monitorCommands: monitor === 'monitor' })
const db = client.db(database)
const commands: Usage['commands'] = {}
client.on('commandStarted', ({ commandName }) => {
  commands[commandName] = (commands[commandName] ?? 0) + 1
})

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  server.on('request', subject === 'koa' ? bareKoa() : handlerOf(provider(`http://127.0.0.1:${port}`)))
  process.send?.({ port })
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system, commands } satisfies Usage)
})
process.on('disconnect', () => process.exit())

function provider(issuer: string): HostProvider {
  if (subject === 'host') return new HostProvider(issuer, hostConfigurationOf(mongoAdapter(db)))
  if (subject === 'marking') return new HostProvider(issuer, hostConfigurationOf(markingAdapter(db)))
  const { features, ...configuration } = configurationOf(mongoAdapter(db), true)
  return new Provider(issuer, {
    ...configuration,
    features: { ...features, deferredTokenResponse: { store: mongoStore(db), ...(subject === 'ours' && { defer }) } },
  })
}

// a plain code is answered at once, here too: it cannot wait
const defer = (_ctx: unknown, { canWait }: DeferRequest) => canWait

function handlerOf(op: HostProvider): RequestListener {
  op.on('server_error', (_ctx, error) => console.error(error))
  const callback = op.callback()
  return (req, res) => {
    if (req.url?.startsWith('/interaction/')) interact(op, req, res, {})
    else callback(req, res)
  }
}

function bareKoa(): RequestListener {
  const requests = db.collection<{ _id: string }>('oidc_backchannel_authentication_request')
  const app = new Koa()
  app.use(async (ctx) => {
    const found = await requests.findOne({ _id: ctx.path.slice(1) })
    ctx.status = found ? 400 : 404
    ctx.body = { error: found ? 'authorization_pending' : 'invalid_grant', error_description: 'still pending' }
  })
  return app.callback()
}
