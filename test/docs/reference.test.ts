import { readdirSync, readFileSync } from 'node:fs'
import { memoryStore, Provider } from 'oidc-provider-deferred'
import { afterAll, expect, test } from 'vitest'

const page = (name: string) => readFileSync(`docs/reference/${name}.md`, 'utf8')

/** The option names that the provider itself lists when it meets one it does not know. */
function optionsOf(...path: string[]): string[] {
  const options = path.reduceRight<object>((inner, name) => ({ [name]: inner }), { unknown: 1 })
  try {
    new Provider('https://op.example', { features: { deferredTokenResponse: options } })
  } catch (error) {
    const [, names = ''] = / is not an option, use one of (.+)$/.exec((error as Error).message) ?? []
    return names.split(', ')
  }
  throw new Error('nothing was thrown')
}

const provider = new Provider('https://op.example', { features: { deferredTokenResponse: { store: memoryStore() } } })

afterAll(() => provider.deferrals.close())

function methods(): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(provider.deferrals))
  const ofNotifications = Object.keys(provider.deferrals.notifications).map((name) => `notifications.${name}`)
  return [...names, ...ofNotifications].filter((name) => name !== 'constructor')
}

test.each(optionsOf().filter((name) => !['ttl', 'routes'].includes(name)))('the option %s has a heading', (name) => {
  expect(page('options')).toMatch(new RegExp(`^## ${name}$`, 'm'))
  expect(page('options')).toMatch(new RegExp(`^\\| \\[\`${name}\`\\]\\(#${name.toLowerCase()}\\) \\|`, 'm'))
})

test.each(['ttl', 'routes'].flatMap((name) => optionsOf(name).map((member) => `${name}.${member}`)))(
  'the option %s stands in the table',
  (name) => {
    expect(page('options')).toContain(`| [\`${name}\`](#`)
  },
)

test.each(optionsOf('notification'))('the option notification.%s stands in its table', (name) => {
  expect(page('options')).toMatch(new RegExp(`^\\| \`${name}\` \\|`, 'm'))
})

test.each(methods())('the method %s stands in the table', (name) => {
  expect(page('deferrals')).toContain(`\`${name}(`)
})

test('every metric, span, attribute and channel stands on the page about monitoring', () => {
  const monitoring = readFileSync('docs/operate/monitoring.md', 'utf8')
  const files = readdirSync('lib/opentelemetry').map((file) => readFileSync(`lib/opentelemetry/${file}`, 'utf8'))
  const names = files.flatMap((text) => [...text.matchAll(/'((?:deferral|http)\.[a-z_.]+)'/g)].map(([, name]) => name))
  const [, list = ''] = /operations = \[(.+?)\]/.exec(readFileSync('lib/diagnostics/channels.ts', 'utf8')) ?? []
  const channels = [...list.matchAll(/\w+/g), 'change', 'link'].map((name) => `oidc-provider-deferred:${name}`)
  expect([names.length > 20, channels.length]).toEqual([true, 10])
  expect([...names, ...channels].filter((name) => !monitoring.includes(`\`${name}\``))).toEqual([])
})

test('every event of a type that is exported stands in the table', () => {
  const types = readFileSync('dist/index.d.ts', 'utf8')
  const [, file = ''] = /DeferralEvent \} from '\.\/(.+)\.js'/.exec(types) ?? []
  const [, list = ''] = /readonly \[([^\]]+)\]/.exec(readFileSync(`dist/${file}.d.ts`, 'utf8')) ?? []
  const events = [...list.matchAll(/['"](\w+)['"]/g)].map(([, event]) => event)
  expect(events.length).toBeGreaterThan(5)
  expect(events.filter((event) => !page('events').includes(`\`deferral.${event}\``))).toEqual([])
})
