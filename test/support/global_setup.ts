import { startMongo } from './mongod.js'
import { newRsaKey } from './rsa_key.js'

/**
 * One server for the whole run, its address in `DEFERRED_TEST_MONGODB_URI`. Without one the tests that need it are
 * skipped and say so; in CI the run fails. One RSA key as well, in
 * `DEFERRED_TEST_RSA_KEY`. Returns what stops the server.
 */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  process.env.DEFERRED_TEST_RSA_KEY = newRsaKey()
  try {
    const mongo = await startMongo()
    process.env.DEFERRED_TEST_MONGODB_URI = mongo.uri
    return () => mongo.stop()
  } catch (error) {
    if (process.env.CI === 'true') throw error
    console.warn('\nSKIPPING every test that needs MongoDB:', error instanceof Error ? error.message : error)
    return undefined
  }
}
