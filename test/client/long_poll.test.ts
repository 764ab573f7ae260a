import { type Deferral, deferrable, wait } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startProvider, type TestProvider } from '../support/provider.js'
import { configurationOf, idOf } from './relying_parties.js'

describe('a provider that holds polls', () => {
  let op: TestProvider

  beforeAll(async () => {
    op = await startProvider({ deferred: { defer: () => true, longPoll: { seconds: 20 } } })
  })
  afterAll(() => op.close())

  /** A deferral, and what the client asks for at each poll. */
  async function started() {
    const config = await configurationOf(op, 'secret')
    const { deferral } = await deferrable(config, (parameters, options) =>
      client.clientCredentialsGrant(config, parameters, options),
    )
    const preferences: (string | undefined)[] = []
    config[client.customFetch] = (url, options) => {
      preferences.push(options.headers.prefer)
      return fetch(url, options as RequestInit)
    }
    return { config, deferral: deferral as Deferral, preferences }
  }

  test('is asked to, as long as it offers, and the tokens come with the decision', async () => {
    const { config, deferral, preferences } = await started()
    const tokens = wait(config, deferral)
    await vi.waitFor(() => expect(preferences).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const start = performance.now()
    await op.provider.deferrals.approve(idOf(deferral))
    expect(await tokens).toMatchObject({ access_token: expect.any(String) })
    expect(preferences).toEqual(['wait=20'])
    expect(performance.now() - start).toBeLessThan(3000)
  })

  test('is asked for what the caller says, and a time-out of requests counts beside it', async () => {
    const { config, deferral, preferences } = await started()
    config.timeout = 1
    const signal = AbortSignal.timeout(2500)
    const answers: unknown[] = []
    const waiting = wait(config, deferral, { longPoll: 2, signal, onPending: ({ status }) => answers.push(status) })
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(preferences).toEqual(['wait=2'])
    expect(answers).toEqual(['pending'])
  })

  test('is not asked with longPoll: 0', async () => {
    const { config, deferral, preferences } = await started()
    await op.provider.deferrals.approve(idOf(deferral))
    await wait(config, deferral, { longPoll: 0 })
    expect(preferences).toEqual([undefined])
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '20'])('longPoll: %s is refused', async (longPoll) => {
    const { config, deferral } = await started()
    await expect(wait(config, deferral, { longPoll: longPoll as number })).rejects.toThrow(/longPoll/)
  })
})
