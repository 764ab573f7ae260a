import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDesk, type TestDesk } from '../desk.js'
import { checkedApi, type Document } from './checked_api.js'

let desk: TestDesk
let document: Document

beforeAll(async () => {
  desk = await startDesk()
  document = (await checkedApi(desk)).document
})
afterAll(() => desk.close())

const page = readFileSync('docs/reference/console-api.md', 'utf8')
const codes = (names: string[]) => names.map((name) => `\`${name}\``).join(', ')

/** The rows of the page's table, as the document has them. */
function rows(): string[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, parameters, requestBody, responses }]) => {
      const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      const { properties = {}, required = [] } = requestBody?.content['application/json'].schema ?? {}
      const body = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
      const refusals = Object.keys(responses).filter((status) => !['200', '401', '403', '500'].includes(status))
      const call = `\`${method.toUpperCase()} api${path.replace('{id}', ':id')}\``
      return `| ${call} | ${summary} | ${codes([...query.map((name) => `${name}=`), ...body])} | ${refusals.join(', ')} |`
    }),
  )
}

test('the page has each call of the document, and no other one', () => {
  const written = page.split('\n').filter((line) => /^\| `(GET|POST) api/.test(line))
  expect(written).toEqual(rows())
})

test('the page names each member of a deferral', () => {
  const { Deferral, Problem } = document.components.schemas
  for (const schema of [Deferral, Problem]) {
    const names = Object.keys(Reflect.get(schema ?? {}, 'properties'))
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  }
})
