import { parseArgs } from 'node:util'
import { askForPayment } from './agent/payment_agent.js'
import { accountOf } from './provider/accounts.js'
import { cents } from './provider/money.js'

const usage = `npm run agent                                        asks the running bank for a payment, and waits
npm run agent -- --amount 40 --to "Post office"      what is asked for
npm run agent -- --customer alex                     whose account it is from

PORT=3000            the provider's port
ISSUER=...           or its issuer`

const text = { type: 'string' } as const

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { amount: text, to: text, customer: text, help: { type: 'boolean' } } })
  if (values.help) return console.log(usage)
  const { amount = '4200', to: creditor = 'Northwind Energy', customer = 'mina' } = values
  const sum = cents(amount)
  if (!sum) throw new RangeError('--amount must be a sum in euro, such as 40 or 40.50')
  if (!accountOf(customer)) throw new RangeError(`--customer: the bank knows no ${customer}`)
  const issuer = process.env.ISSUER ?? `http://localhost:${process.env.PORT ?? 3000}/op`
  const granted = await askForPayment({ issuer, payment: { customer, creditor, sum }, fetch, say: console.log })
  process.exitCode = granted ? 0 : 1
}

/** The innermost cause says what is wrong: nobody listens there. */
function explain(error: unknown): string {
  const { message, code, cause } = error as NodeJS.ErrnoException
  if (code === 'ECONNREFUSED') return 'Nobody answers there. Start the bank first: npm run bank'
  return cause instanceof Error ? explain(cause) : message
}

try {
  await main()
} catch (error) {
  console.error(`${explain(error)}\n\n${usage}`)
  process.exit(1)
}
