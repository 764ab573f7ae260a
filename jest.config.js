export default {
  roots: ['<rootDir>/build/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/build/test/support/global_setup.js',
  globalTeardown: '<rootDir>/build/test/support/global_teardown.js',
  setupFiles: ['<rootDir>/build/test/support/realm.js'],
  transform: {},
  testTimeout: 30_000,
  maxWorkers: 2,
  silent: true,
}
