import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // the suites of one target, from main.ts
    include: process.env.DEFERRED_MUTATION_SUITES?.split(' ') ?? [],
    // what tsc wrote is run as it is, as in the other runs
    server: { deps: { external: [/\/(build|dist)\//] } },
    // a fault in code that runs at the import needs a fresh import: each suite gets a thread of its own
    isolate: true,
    // Stryker ends a test that hangs
    testTimeout: 0,
    hookTimeout: 0,
  },
})
