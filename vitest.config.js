import { defineConfig } from 'vitest/config'
import { LongestFirst } from './build/test/support/longest_first.js'

export default defineConfig({
  test: {
    include: ['build/test/**/*.test.js'],
    globalSetup: ['build/test/support/global_setup.js'],
    // what tsc wrote is run as it is: Node.js loads the package, the host and everything else once per worker, not once per file
    server: { deps: { external: [/\/(build|dist)\//] } },
    pool: 'forks',
    isolate: false,
    sequence: { sequencer: LongestFirst },
    // many tests wait for something, few for the processor
    maxWorkers: 3,
    execArgv: ['--no-warnings'],
    // ends a test that hangs; a busy machine does not reach it
    testTimeout: 900_000,
    hookTimeout: 900_000,
    slowTestThreshold: 10_000,
    silent: 'passed-only',
    reporters: ['default', ['json', { outputFile: 'build/tests.json' }], './build/test/support/run_alone.js'],
  },
})
