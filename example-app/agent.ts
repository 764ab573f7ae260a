import { parseArgs } from 'node:util'
import { askForPayment } from './agent/payment_agent.js'
import { accountOf, accounts } from './provider/accounts.js'
import { cents } from './provider/money.js'

const usage = `npm run agent                                        asks the running bank for a payment and waits for the answer
npm run agent -- --amount 40 --to "Post office"      the payment to ask for
npm run agent -- --customer alex                     the account it is paid from

PORT=3000            port of the provider
ISSUER=...           its issuer, instead of PORT`

const text = { type: 'string' } as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { amount: text, to: text, customer: text, help: { type: 'boolean' } } })
  if (values.help) return console.log(usage)
  const { amount = '4200', to: creditor = 'Northwind Energy', customer = 'mina' } = values
  const sum = cents(amount)
  if (!sum) throw new RangeError('--amount must be an amount in euro, such as 40 or 40.50')
  if (!accountOf(customer)) throw new RangeError(`--customer must be one of ${accounts.map(({ id }) => id).join(', ')}`)
  const issuer = process.env.ISSUER ?? `http://localhost:${process.env.PORT ?? 3000}/op`
  const payment = await askForPayment({ issuer, payment: { customer, creditor, sum }, fetch, say: console.log })
  process.exitCode = payment ? 0 : 1
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
