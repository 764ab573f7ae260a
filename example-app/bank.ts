import { parseArgs } from 'node:util'
import { playHeadless } from './headless/play.js'
import { startBank } from './start.js'

const usage = `npm run bank                 start the bank
npm run bank -- --headless   play it without a browser and check every answer

PORT=3000            the provider's port; the bank's website and the desk take the next two
MONGODB_URI=...      keep everything in MongoDB; default is memory`

function ports(): [number, number, number] {
  const first = Number(process.env.PORT ?? 3000)
  if (!Number.isInteger(first) || first < 1 || first > 65533) throw new Error('PORT must be a number from 1 to 65533')
  return [first, first + 1, first + 2]
}

async function serve(): Promise<void> {
  const bank = await startBank({ mongodbUri: process.env.MONGODB_URI, ports: ports(), deferral: { interval: 2 } })
  const { provider, relyingParty, desk } = bank.origins
  console.log(`
Harbour, a small bank whose reviewers take their time (everything in ${bank.storage})

  Customer    ${relyingParty}   open an account here
  Reviewer    ${desk}   decide here; the page shows the password
  Provider    ${provider}   issuer ${provider}/op

Ctrl+C stops it.`)
  const stop = () => bank.stop().then(() => process.exit(0))
  process.once('SIGINT', stop).once('SIGTERM', stop)
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE') return `${error.message}\nChoose others: PORT=4000 npm run bank`
  return error.stack ?? error.message
}

try {
  const { values } = parseArgs({ options: { headless: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) console.log(usage)
  else if (values.headless) await playHeadless(process.env.MONGODB_URI)
  else await serve()
} catch (error) {
  console.error(explain(error))
  process.exit(1)
}
