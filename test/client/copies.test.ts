import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Deferred from 'oidc-provider-deferred/client'
import type * as OpenidClient from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everyWay } from '../support/authorization.js'
import { startProvider, type TestProvider } from '../support/provider.js'
import { checks, configurationOf, idOf, redirect } from './relying_parties.js'

/* How package managers may place the peers: npm side by side, pnpm without what is not asked for, others in several copies. */
let op: TestProvider
const roots: string[] = []

beforeAll(async () => {
  const nonces = { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true }
  op = await startProvider({
    configuration: { features: { ...everyWay, dPoP: nonces } },
    deferred: { now: undefined as never },
  })
})

afterAll(async () => {
  for (const root of roots) rmSync(root, { recursive: true })
  await op.close()
})

/** The client's part of the package in a project of its own. */
function project({ peers, oauth4webapi }: { peers: boolean; oauth4webapi: boolean }) {
  const root = mkdtempSync(join(tmpdir(), 'copies-'))
  roots.push(root)
  const modules = join(root, 'node_modules')
  const nested = join(modules, 'openid-client', 'node_modules')
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  cpSync('dist/client', join(root, 'client'), { recursive: true })
  mkdirSync(modules)
  if (peers) {
    cpSync('node_modules/openid-client', join(modules, 'openid-client'), { recursive: true })
    cpSync('node_modules/oauth4webapi', join(nested, 'oauth4webapi'), { recursive: true })
    symlinkSync(resolve('node_modules/jose'), join(nested, 'jose'))
  }
  if (oauth4webapi) cpSync('node_modules/oauth4webapi', join(modules, 'oauth4webapi'), { recursive: true })
  const load = (path: string) => import(pathToFileURL(join(root, path)).href)
  return {
    deferred: () => load('client/index.js') as Promise<typeof Deferred>,
    client: () => load('node_modules/openid-client/build/index.js') as Promise<typeof OpenidClient>,
  }
}

/** A JARM redirect, exchanged and polled with a DPoP key. */
async function exchanged({ deferred, client }: ReturnType<typeof project>, jarm: boolean) {
  const { discovery, ClientSecretBasic, allowInsecureRequests, ...oidc } = await client()
  const secret = ClientSecretBasic('a secret of the client')
  const execute = [allowInsecureRequests, ...(jarm ? [oidc.useJwtResponseMode] : [])]
  const config = await discovery(new URL(op.issuer), 'secret', {}, secret, { execute })
  const currentUrl = await redirect(await configurationOf(op, 'secret'), jarm ? { response_mode: 'jwt' } : {})
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
  const { deferredCodeExchange, wait } = await deferred()
  const deferral = await deferredCodeExchange(config, currentUrl, checks, {}, { DPoP })
  await op.provider.deferrals.approve(idOf(deferral))
  return wait(config, deferral, { DPoP })
}

describe('openid-client with an oauth4webapi of its own', () => {
  test.each([true, false])('and another one beside it (JARM: %s)', async (jarm) => {
    const tokens = await exchanged(project({ peers: true, oauth4webapi: true }), jarm)
    expect(tokens).toMatchObject({ token_type: 'dpop' })
  })

  test('an error in a JARM response is that of openid-client', async () => {
    const { client, deferred } = project({ peers: true, oauth4webapi: true })
    const oidc = await client()
    const execute = [oidc.allowInsecureRequests, oidc.useJwtResponseMode]
    const config = await oidc.discovery(new URL(op.issuer), 'secret', {}, undefined, { execute })
    const params = { response_mode: 'jwt', prompt: 'none' }
    const currentUrl = await redirect(await configurationOf(op, 'secret'), params)
    const exchanged = (await deferred()).deferredCodeExchange(config, currentUrl, checks)
    await expect(exchanged).rejects.toBeInstanceOf(oidc.AuthorizationResponseError)
    await expect(exchanged).rejects.toMatchObject({ error: 'login_required' })
  })

  test('and none beside it: everything but JARM, whose error says what to install', async () => {
    const alone = project({ peers: true, oauth4webapi: false })
    expect(await exchanged(alone, false)).toMatchObject({ token_type: 'dpop' })
    await expect(exchanged(alone, true)).rejects.toThrow('install oauth4webapi: JARM responses need it')
  })
})

test('without openid-client the error names it', async () => {
  const { deferred } = project({ peers: false, oauth4webapi: false })
  await expect(deferred()).rejects.toThrow(/Cannot find package 'openid-client'/)
})
