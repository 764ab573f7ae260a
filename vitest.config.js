import { defineConfig } from 'vitest/config'
import { LongestFirst } from './build/test/support/longest_first.js'

// these live through weeks of virtual time, in which providers that other files have left open would sweep every second
const alone = ['faults', 'long_poll_schedule', 'schedule', 'wake'].map((name) => `build/test/client/${name}.test.js`)

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['build/test/**/*.test.js'],
          exclude: alone,
          globalSetup: ['build/test/support/global_setup.js'],
        },
      },
      { extends: true, test: { name: 'alone', include: alone, isolate: true } },
    ],
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
