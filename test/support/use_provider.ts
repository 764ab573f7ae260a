import { afterAll, beforeAll } from 'vitest'
import { startProvider, type TestOptions, type TestProvider } from './provider.js'

/** A provider for the tests of a file: started before the first of them, closed after the last. */
export function useProvider(options?: TestOptions, start = startProvider): TestProvider {
  const op = {} as TestProvider
  beforeAll(async () => {
    Object.assign(op, await start(options))
  })
  afterAll(() => op.close?.())
  return op
}
