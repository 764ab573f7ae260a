import { once } from 'node:events'
import { type ConnectionOptions, connect, type TlsOptions } from 'node:tls'
import type { Deferral } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Authority, createAuthority } from '../../support/authority.js'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'
import { type Raw, startTlsReceiver } from './hostile_receivers.js'

const host = 'rp.example'
const hour = 60 * 60 * 1000
const from = (hours: number) => new Date(Date.now() + hours * hour)
// what OpenSSL leaves of the old versions
const old: TlsOptions = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1' }

const distrusted: Record<string, (authority: Authority) => Promise<TlsOptions>> = {
  'another name': ({ issue }) => issue(['other.example']),
  'a name below': ({ issue }) => issue([`www.${host}`]),
  'a wildcard above': ({ issue }) => issue(['*.example']),
  'its address': ({ issue }) => issue(['127.0.0.1']),
  'nobody but itself to vouch for it': ({ issue }) => issue([host], { isSelfSigned: true }),
  'an authority nobody knows': async () => (await createAuthority()).issue([host]),
  'its time over': ({ issue }) => issue([host], { notBefore: from(-48), notAfter: from(-1) }),
  'its time to come': ({ issue }) => issue([host], { notBefore: from(1), notAfter: from(48) }),
}

const versions: Record<string, TlsOptions> = {
  'TLSv1.1': { ...old, maxVersion: 'TLSv1.1' },
  TLSv1: { ...old, maxVersion: 'TLSv1' },
  'TLSv1.2': { maxVersion: 'TLSv1.2' },
  'TLSv1.3': { minVersion: 'TLSv1.3' },
}

let op: NotifyingProvider
const receivers = new Map<string, Raw>()

beforeAll(async () => {
  const authority = await createAuthority()
  for (const [name, issued] of Object.entries(distrusted)) {
    receivers.set(name, await startTlsReceiver(await issued(authority)))
  }
  const certificate = await authority.issue([host])
  for (const [name, tls] of Object.entries(versions)) {
    receivers.set(name, await startTlsReceiver({ ...certificate, ...tls }))
  }
  const ports = [...receivers.values()].map(({ port }) => port)
  op = await startNotifying({ allow: ['127.0.0.1'], ports, ca: authority.ca, resolve: () => ['127.0.0.1'] })
})

afterAll(async () => {
  await op.close()
  await Promise.all([...receivers.values()].map((receiver) => receiver.close()))
})

async function approved(name: string): Promise<string> {
  const { port } = receivers.get(name)!
  await op.keep(name, `https://${host}:${port}/notified`)
  return op.held(name)
}

async function notify(name: string) {
  const id = await approved(name)
  await op.provider.deferrals.approve(id)
  return op.attempted(id)
}

describe('E-22 T4 nothing is sent to a receiver whose certificate has', () => {
  const rounds = new Map<string, NonNullable<Deferral['notification']>[]>()

  // all of them at once, for each attempt waits for a sweep
  beforeAll(async () => {
    const held = Object.keys(distrusted).map(async (name) => [name, await approved(name)] as const)
    const ids = await Promise.all(held)
    for (const [, id] of ids) await op.provider.deferrals.approve(id)
    for (const [attempts, pause] of [10, 40, 0].entries()) {
      for (const [name, id] of ids) {
        rounds.set(name, [...(rounds.get(name) ?? []), await op.attempted(id, attempts + 1)])
      }
      op.clock.advance(pause)
    }
  })

  test.each(Object.keys(distrusted))('%s; it is tried twice more', (name) => {
    const reason = expect.stringMatching(/^the certificate of the endpoint is not accepted: /)
    expect(rounds.get(name)).toEqual([
      expect.objectContaining({ status: 'owed', attempts: 1, reason }),
      expect.objectContaining({ status: 'owed', attempts: 2, reason }),
      expect.objectContaining({ status: 'failed', attempts: 3, reason }),
    ])
    expect(receivers.get(name)!.connections).toBe(3)
    expect(receivers.get(name)!.requests).toEqual([])
  })
})

describe('C65', () => {
  test.each(['TLSv1', 'TLSv1.1'])('nothing is sent by %s', async (name) => {
    // the receiver is not at fault: others do reach it
    expect(await versionOf(receivers.get(name)!.port)).toBe(name)
    expect(await notify(name)).toMatchObject({ status: 'owed', attempts: 1, reason: expect.any(String) })
    expect(receivers.get(name)!.requests).toEqual([])
  })

  test.each(['TLSv1.2', 'TLSv1.3'])('%s will do', async (name) => {
    expect(await notify(name)).toMatchObject({ status: 'delivered', answer: 204 })
    expect(receivers.get(name)!.requests).toEqual([name])
  })
})

async function versionOf(port: number): Promise<string | null> {
  const socket = connect({ ...(old as ConnectionOptions), port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const version = socket.getProtocol()
  socket.destroy()
  return version
}
