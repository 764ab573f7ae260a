export default {
  roots: ['<rootDir>/build/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/build/test/support/global_setup.js',
  globalTeardown: '<rootDir>/build/test/support/global_teardown.js',
  setupFiles: ['<rootDir>/build/test/support/realm.js'],
  transform: {},
  // for a machine that is busy with something else
  testTimeout: 120_000,
  // many tests wait for something, few for the processor
  maxWorkers: 3,
  workerIdleMemoryLimit: '1GB',
  silent: true,
}
