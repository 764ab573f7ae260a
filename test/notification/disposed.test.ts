import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Whether a process that has lost its last reference to a provider with keys gets its memory back. */
async function isCollected(end: string): Promise<boolean> {
  const script = `
    import { memoryStore, Provider } from 'oidc-provider-deferred'
    async function used() {
      const deferredTokenResponse = { store: memoryStore(), keys: [new Uint8Array(32).fill(1)] }
      const provider = new Provider('https://op.example', { features: { deferredTokenResponse } })
      ${end}
      return new WeakRef(provider)
    }
    const reference = await used()
    for (let n = 0; n < 50 && reference.deref(); n++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      gc()
    }
    console.log(reference.deref() === undefined)
  `
  const args = ['--expose-gc', '--input-type=module', '-e', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 })
  return stdout.trim().endsWith('true')
}

test('a provider with keys is garbage collected once its deferrals are disposed of, and not before', async () => {
  const ends = ['', 'await provider.deferrals.close()', 'await provider.deferrals[Symbol.asyncDispose]()']
  expect(await Promise.all(ends.map(isCollected))).toEqual([false, true, true])
})
