/*
 * The console of an installed package: the compiler reads it, then it runs.
 */
import { Provider } from 'oidc-provider-deferred'
import {
  type Brand,
  type Colours,
  type ConsoleOptions,
  createConsole,
  type Operator,
  type Panel,
  type Part,
  type Permission,
  type SafeHtml,
  safe,
  type Texts,
} from 'oidc-provider-deferred/console'

interface Reviewer extends Operator {
  limit: number
}

const part: Part = 'a part'
const html: SafeHtml = safe`<p>${part}</p>`
const panel: Panel = { title: 'Panel', html }
const colours: Colours = { accent: '#0b5563' }
const brand: Brand = { name: 'Desk', colours, logo: html }
const texts: Texts = { person: (accountId) => accountId }
const permission = (limit: number): Permission => limit > 0

const options: ConsoleOptions<Reviewer> = {
  authenticate: (ctx) => (ctx.get('x-staff') ? { id: 'kim', name: 'Kim', limit: 1 } : undefined),
  mayDecide: ({ limit }) => permission(limit),
  panels: () => [panel],
  brand,
  texts,
}

// @ts-expect-error a header is a text: Koa's types were found
export const header = (...[ctx]: Parameters<typeof options.authenticate>): number => ctx.get('x-staff')

const provider = new Provider('https://op.example', { features: { deferredTokenResponse: { enabled: true } } })
const server = createConsole(provider, options).listen(0, '127.0.0.1', async () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const { status } = await fetch(`http://127.0.0.1:${port}/`)
  const sheet = await fetch(`http://127.0.0.1:${port}/assets/console.0000000000000000.css`)
  const length = (await sheet.text()).length
  if (status !== 401 || length < 1000) throw new Error(`the console answers ${status}, its style sheet has ${length}`)
  process.exit(0)
})
