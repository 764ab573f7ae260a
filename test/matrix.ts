/*
 * Which tests name which requirement, from a run of the tests: `npm run matrix`, or `npm run matrix -- build/tests.json` for
 * the report of a run that was. Exits non-zero when a requirement has no test, or one that fails.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { exceptions, type Requirement, requirements } from './requirements.js'

interface Run {
  testResults: { name: string; message: string; assertionResults: { fullName: string; status: string }[] }[]
}

interface NamedTest {
  file: string
  name: string
  status: string
}

type State = 'covered' | 'failing' | 'uncovered'

const report = process.argv[2] ?? runTests()
const run = JSON.parse(readFileSync(report, 'utf8')) as Run
const tests = run.testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.map(({ fullName, status }) => ({ file: sourceOf(name), name: fullName, status })),
)
// a file that could not even be loaded has no tests in the report
const broken = run.testResults.filter(({ assertionResults }) => assertionResults.length === 0).map(({ name }) => name)

const rows = requirements.map((requirement) => {
  const named = tests.filter(({ name }) => idsIn(name).includes(requirement.id))
  return { requirement, named, state: stateOf(named) }
})
for (const { requirement, named, state } of rows) print(requirement, named, state)
for (const { id, title } of exceptions) console.log(`${id}  left out   ${title}`)
process.exitCode = summary() ? 0 : 1

function runTests(): string {
  // what fails is in the report
  spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], { stdio: ['ignore', 'ignore', 'inherit'] })
  return 'build/tests.json'
}

function sourceOf(file: string): string {
  return relative('build', file).replace(/\.js$/, '.ts')
}

function idsIn(name: string): string[] {
  return name.match(/\b(?:[OIX]-\d{3}|C\d{2}|[NV]\d{1,2})\b/g) ?? []
}

function stateOf(named: NamedTest[]): State {
  const ran = named.filter(({ status }) => status === 'passed' || status === 'failed')
  if (ran.some(({ status }) => status === 'failed')) return 'failing'
  return ran.length > 0 ? 'covered' : 'uncovered'
}

function print({ id, title }: Requirement, named: NamedTest[], state: State): void {
  console.log(`${id}  ${state.padEnd(9)}  ${title}`)
  for (const { file, name, status } of named) console.log(`         ${status.padEnd(9)}  ${file}: ${name}`)
}

function summary(): boolean {
  const ids = (state: State) => rows.filter((row) => row.state === state).map(({ requirement }) => requirement.id)
  const known = new Set(requirements.map(({ id }) => id))
  const unknown = [...new Set(tests.flatMap(({ name }) => idsIn(name)))].filter((id) => !known.has(id))
  const failed = tests.filter(({ status }) => status === 'failed')
  const skipped = tests.filter(({ status }) => status === 'skipped')
  console.log(`\n${tests.length} tests, ${failed.length} failed, ${skipped.length} skipped`)
  console.log(`${ids('covered').length} of ${rows.length} are covered, ${exceptions.length} are left out`)
  for (const state of ['failing', 'uncovered'] as const) console.log(`${state}: ${ids(state).join(', ') || 'none'}`)
  if (broken.length) console.log(`could not be run: ${broken.map(sourceOf).join(', ')}`)
  if (unknown.length) console.log(`named by tests, but not listed: ${unknown.join(', ')}`)
  return [...ids('failing'), ...ids('uncovered'), ...broken].length === 0
}
