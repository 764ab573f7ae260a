import { parseArgs } from 'node:util'
import { playHeadless } from './headless/play.js'
import { type Ports, startBank } from './start.js'
import type { MongoServer } from './storage/storage.js'

const usage = `npm run bank                 start the bank
npm run bank -- --headless   play every journey without a browser, and check every answer

--mongodb, with either, starts a MongoDB server and deletes it afterwards

PORT=3000            port of the provider; the other sites take the next five ports
MONGODB_URI=...      keep everything in MongoDB instead of memory`

function ports(): Ports {
  const first = Number(process.env.PORT ?? 3000)
  if (!Number.isInteger(first) || first < 1 || first > 65530)
    throw new RangeError('PORT must be a number from 1 to 65530')
  return [first, first + 1, first + 2, first + 3, first + 4, first + 5]
}

async function serve(mongodb: MongoServer | undefined): Promise<void> {
  const bank = await startBank({ mongodb, ports: ports() })
  const { provider, relyingParty, desk, confirmation, partner, notification } = bank.origins
  console.log(`
Harbour, a small bank with human reviewers (everything in ${bank.storage})

  Customer    ${relyingParty}    open an account here, or sign in to it
  Reviewer    ${desk}    decide here; the page shows the password
  Provider    ${provider}    issuer ${provider}/op
  Confirm     ${confirmation}   where customers confirm; its certificate is self-signed, so your browser warns
  Partner     ${partner}    its page asks for a token, from another origin
  Notified    ${notification}   where the bank's website receives notifications; it shows no page
  Metrics     ${provider}/metrics   figures for Prometheus
  Agent       npm run agent            asks for a payment; run it in another terminal

Ctrl+C stops it.`)
  await new Promise((stop) => process.once('SIGINT', stop).once('SIGTERM', stop))
  await bank.stop()
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE')
    return `${error.message}\nChoose other ports: PORT=4000 npm run bank`
  const expected = error instanceof RangeError || /^(Mongo|TypeError \[ERR_PARSE_ARGS)/.test(String(error.stack))
  return expected ? `${error.message}\n\n${usage}` : String(error.stack)
}

/** A server of our own with `--mongodb`, otherwise that of `MONGODB_URI`. Without either, everything is in memory. */
async function mongoServer(own: boolean | undefined): Promise<(MongoServer & { stop?(): Promise<void> }) | undefined> {
  const { MONGODB_URI: uri } = process.env
  if (!own) return uri ? { uri } : undefined
  const { startMongo } = await import('../test/support/mongod.js')
  return startMongo()
}

async function main(): Promise<void> {
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({ options: { headless: flag, mongodb: flag, help: flag } })
  if (values.help) return console.log(usage)
  const server = await mongoServer(values.mongodb)
  try {
    await (values.headless ? playHeadless(server) : serve(server))
  } finally {
    await server?.stop?.()
  }
}

try {
  await main()
} catch (error) {
  console.error(explain(error))
  process.exit(1)
}
