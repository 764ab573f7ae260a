import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { askForPayment, cancelPayment } from './agent/payment_agent.js'
import { accountOf, accounts } from './provider/accounts.js'
import { cents } from './provider/money.js'

const usage = `npm run agent                                        asks the running bank for a payment and waits for the answer
npm run agent -- --amount 40 --to "Post office"      the payment to ask for
npm run agent -- --customer alex                     the account it is paid from
npm run agent -- --cancel                            cancels the request that waits

After Ctrl+C the next start goes on with the same request.

PORT=3000            port of the provider
ISSUER=...           its issuer, instead of PORT
AGENT_FILE=...       where the request is saved while it waits, instead of .agent/`

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

/** One file for each provider, in the folder of the project. */
function fileFor(issuer: string): string {
  const name = `${new URL(issuer).host.replace(':', '-')}.json`
  return process.env.AGENT_FILE ?? fileURLToPath(new URL(`../../.agent/${name}`, import.meta.url))
}

/** Aborts at the first Ctrl+C. The second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { amount: text, to: text, customer: text, cancel: flag, help: flag } })
  if (values.help) return console.log(usage)
  const { amount = '4200', to: creditor = 'Northwind Energy', customer = 'mina' } = values
  const sum = cents(amount)
  if (!sum) throw new RangeError('--amount must be an amount in euro, such as 40 or 40.50')
  if (!accountOf(customer)) throw new RangeError(`--customer must be one of ${accounts.map(({ id }) => id).join(', ')}`)
  const issuer = process.env.ISSUER ?? `http://localhost:${process.env.PORT ?? 3000}/op`
  const options = { issuer, file: fileFor(issuer), fetch, say: console.log }
  if (values.cancel) return cancelPayment(options)
  const signal = interruption()
  try {
    const payment = await askForPayment({ ...options, payment: { customer, creditor, sum }, signal })
    process.exitCode = payment ? 0 : 1
  } catch (error) {
    if (error !== signal.reason) throw error
    process.exitCode = 130
  }
}

/** A failed `fetch` names the fault in its innermost cause. */
function explain(error: unknown): string {
  const { message, code, cause } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'The provider does not answer. Start the bank first: npm run bank'
  return cause instanceof Error ? explain(cause) : message
}

try {
  await main()
} catch (error) {
  console.error(`${explain(error)}\n\n${usage}`)
  process.exit(1)
}
