import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Deferral, deferrableCodeGrant, deferredCodeExchange } from 'oidc-provider-deferred/client'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, redirect } from './relying_parties.js'
import type { Told } from './resume_main.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider({ deferred: { defer: () => true, now: undefined as never, interval: 1 } })
})

afterAll(() => op.close())

const main = fileURLToPath(new URL('./resume_main.js', import.meta.url))

/** Starts a process that waits for the deferral. */
function resumed(told: Told): ChildProcess {
  const child = fork(main, { execArgv: ['--no-warnings'] })
  child.send(told)
  return child
}

const messageOf = async (child: ChildProcess): Promise<unknown> => (await once(child, 'message'))[0]

async function keyPair() {
  const pair = await client.randomDPoPKeyPair('ES256', { extractable: true })
  const jwkOf = (key: client.CryptoKey) => crypto.subtle.exportKey('jwk', key) as Promise<client.JWK>
  return { pair, keys: { privateKey: await jwkOf(pair.privateKey), publicKey: await jwkOf(pair.publicKey) } }
}

describe('a deferral is JSON, and another process goes on with it', () => {
  const profiles: [string, (config: client.Configuration, DPoP: client.DPoPHandle) => Promise<Deferral>][] = [
    ['openid', async (config, DPoP) => deferredCodeExchange(config, await redirect(config), checks, {}, { DPoP })],
    [
      'oauth',
      async (config, DPoP) => {
        const currentUrl = await redirect(config, { response_type: 'code' })
        return (await deferrableCodeGrant(config, currentUrl, checks, {}, { DPoP })).deferral!
      },
    ],
  ]

  test.each(profiles)('%s profile: one dies, the next one gets the tokens', async (_, begin) => {
    const config = await configurationOf(op, 'secret')
    const { pair, keys } = await keyPair()
    const deferral = await begin(config, client.getDPoPHandle(config, pair))
    const told = { deferral, secret: 'a secret of the client', keys }
    const first = resumed(told)
    expect(await messageOf(first)).toBe('pending')
    first.kill('SIGKILL')
    await once(first, 'exit')
    await op.provider.deferrals.approve(idOf(deferral))
    const second = resumed(told)
    expect(await messageOf(second)).toEqual({ tokenType: 'dpop', sub: 'alice' })
  })

  test('with another key, or none, nothing is sent', async () => {
    const config = await configurationOf(op, 'secret')
    const { pair } = await keyPair()
    const DPoP = client.getDPoPHandle(config, pair)
    const deferral = await deferredCodeExchange(config, await redirect(config), checks, {}, { DPoP })
    const { keys } = await keyPair()
    for (const key of [{ keys }, {}]) {
      const child = resumed({ deferral, secret: 'a secret of the client', ...key })
      expect(await messageOf(child)).toMatch(/^TypeError: options\.DPoP/)
    }
  })
})
