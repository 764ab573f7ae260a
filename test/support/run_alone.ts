import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with the command for each file that failed, and with the counts. */
export default class RunAlone implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    for (const { moduleId } of modules.filter((module) => !module.ok())) {
      console.log(`${source(moduleId)} failed, run it alone: npm test -- ${source(moduleId)}`)
    }
    if (errors.length) console.log(`${errors.length} errors outside of any test, which fail the run`)
    const counts = ['passed', 'failed', 'skipped'].map((state) => `${count(modules, state)} ${state}`)
    console.log(counts.join(', '))
  }
}

function count(modules: readonly TestModule[], state: string): number {
  return modules.flatMap(({ children }) => [...children.allTests()]).filter((test) => test.result().state === state)
    .length
}

/** Path of the source of a compiled test. */
function source(moduleId: string): string {
  return relative('build', moduleId).replace(/\.js$/, '.ts')
}
