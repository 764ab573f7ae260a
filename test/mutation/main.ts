/*
 * Plants faults in the files of `targets` and runs their suites against each fault. Prints the faults that no suite finds, and the
 * score of each file. A score that is too low fails. Arguments choose files by a part of their path.
 */
import { Stryker } from '@stryker-mutator/core'
import { type Target, targets } from './targets.js'

type Mutants = Awaited<ReturnType<Stryker['runMutationTest']>>

const requiredScore = 90

const parts = process.argv.slice(2)
const isChosen = ({ files }: Target) => parts.length === 0 || parts.some((part) => files.join().includes(part))

for (const target of targets.filter(isChosen)) {
  const begun = performance.now()
  const mutants = await mutate(target)
  for (const file of target.files) {
    const ofFile = mutants.filter(({ fileName }) => fileName.endsWith(file))
    if (!(report(file, ofFile) >= requiredScore)) process.exitCode = 1
  }
  console.log(`${Math.round((performance.now() - begun) / 1000)} s\n`)
}

function mutate({ files, suites }: Target): Promise<Mutants> {
  const testMatch = suites.map((suite) => `**/build/test/${suite}.test.js`)
  // the set-up starts a database, which no suite here needs
  const config = { testMatch, globalSetup: null, globalTeardown: null }
  return new Stryker({
    configFile: 'test/mutation/stryker.config.js',
    mutate: files,
    jest: { config },
  }).runMutationTest()
}

function report(file: string, mutants: Mutants): number {
  const found = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  const survivors = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  for (const { location, status, mutatorName, replacement } of survivors) {
    const { line, column } = location.start
    console.log(`${file}:${line}:${column} ${status} ${mutatorName}: ${replacement}`)
  }
  const count = found.length + survivors.length
  const score = (100 * found.length) / count
  console.log(`${file}: ${score.toFixed(1)} % of ${count} faults found`)
  return score
}
