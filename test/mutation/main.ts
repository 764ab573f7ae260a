/*
 * Plants faults in the files of `targets` and runs their suites against each fault. Prints the faults that no suite finds, and the
 * score of each file. A score that is too low fails. Arguments choose files by a part of their path.
 */
import { Stryker } from '@stryker-mutator/core'
import { targets } from './targets.js'

type Mutants = Awaited<ReturnType<Stryker['runMutationTest']>>

const requiredScore = 90

const { default: options } = await import(new URL('../../../test/mutation/stryker.config.js', import.meta.url).href)
const parts = process.argv.slice(2)
const scores: string[] = []

for (const [file, suites] of Object.entries(targets)) {
  if (parts.length > 0 && !parts.some((part) => file.includes(part))) continue
  const score = scoreOf(file, await mutate(file, suites))
  if (!(score >= requiredScore)) process.exitCode = 1
}
console.log(scores.join('\n'))

function mutate(file: string, suites: string[]): Promise<Mutants> {
  process.env.DEFERRED_MUTATION_SUITES = suites.map((suite) => `build/test/${suite}.test.js`).join(' ')
  // Stryker changes its options
  return new Stryker({ ...structuredClone(options), mutate: [file] }).runMutationTest()
}

function scoreOf(file: string, mutants: Mutants): number {
  const found = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  const survivors = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  for (const { location, status, mutatorName, replacement } of survivors) {
    const { line, column } = location.start
    console.log(`${file}:${line}:${column} ${status} ${mutatorName}: ${replacement}`)
  }
  const count = found.length + survivors.length
  const score = (100 * found.length) / count
  scores.push(`${score.toFixed(1).padStart(5)} % of ${count} faults in ${file}`)
  return score
}
