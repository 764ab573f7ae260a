import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startDesk } from '../desk.js'

const run = promisify(execFile)

/** What an integrator writes with the generated types. */
const program = (url: string, id: string) => `import createClient from 'openapi-fetch'
import type { paths } from './api.js'

const client = createClient<paths>({
  baseUrl: '${url}api',
  headers: { cookie: 'staff=kim', 'sec-fetch-site': 'same-origin' },
})
const { data } = await client.GET('/deferrals', { params: { query: { status: ['pending'], limit: 5 } } })
const titles: (string | undefined)[] = data?.deferrals.map(({ title }) => title) ?? []
const path = { id: '${id}' }
const approved = await client.POST('/deferrals/{id}/approve', { params: { path }, body: { note: 'seen' } })
const again = await client.POST('/deferrals/{id}/approve', { params: { path }, body: {} })
const answer: [string | undefined, string | undefined, number | undefined] = [
  approved.data?.deferral.status, again.error?.deferral?.decision?.note, again.error?.status,
]
// @ts-expect-error the actor is no member of a body
await client.POST('/deferrals/{id}/cancel', { params: { path }, body: { by: 'robin' } })
console.log(JSON.stringify([titles, answer]))
`

test('types that are generated from the document compile and fit the answers', async () => {
  const desk = await startDesk()
  // inside of the package, so that the program finds openapi-fetch
  const folder = mkdtempSync('build/generated-client-')
  try {
    const id = await desk.add({ title: 'a title' })
    const document = await (await desk.get('api/openapi.json')).text()
    writeFileSync(`${folder}/openapi.json`, document)
    writeFileSync(`${folder}/program.ts`, program(desk.url, id))
    const generator = 'api-reference/node_modules/openapi-typescript/bin/cli.js'
    await run(process.execPath, [generator, `${folder}/openapi.json`, '-o', `${folder}/api.ts`])
    const options = ['--ignoreConfig', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node']
    const compiler = ['node_modules/typescript/bin/tsc', ...options, `${folder}/program.ts`]
    await run(process.execPath, compiler).catch(({ stdout }) => expect.fail(stdout))
    const { stdout } = await run(process.execPath, [`${folder}/program.js`])
    expect(JSON.parse(stdout)).toEqual([['a title'], ['approved', 'seen', 409]])
  } finally {
    rmSync(folder, { recursive: true })
    await desk.close()
  }
})
