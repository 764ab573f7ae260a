export default {
  buildCommand: 'npm run build',
  testRunner: 'vitest',
  // suites are compiled: Vitest sees no relation to the source of a fault
  vitest: { configFile: 'test/mutation/vitest.config.js', related: false },
  coverageAnalysis: 'perTest',
  // the build fails where a type is wrong, and those of a mutant may be
  disableTypeChecks: '{lib,test,example-app}/**/*.ts',
  // Stryker rewrites this file with the programming interface of the compiler, which TypeScript 7 does not have
  tsconfigFile: 'none',
  ignorePatterns: ['build', 'dist', 'docs', '.hosts', '.cache'],
  concurrency: 1,
  // a busy machine is not a fault that was found
  timeoutMS: 30_000,
  reporters: ['progress-append-only'],
  logLevel: 'error',
}
