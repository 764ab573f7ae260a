export default {
  buildCommand: 'npm run build',
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    // the set-up starts a database, which no suite here needs
    config: { globalSetup: null, globalTeardown: null },
    enableFindRelatedTests: false,
  },
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
