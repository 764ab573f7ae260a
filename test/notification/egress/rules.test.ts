import { describe, expect, test } from 'vitest'
import { egressRules } from '../../../lib/notification/egress/rules.js'
import { literals, malformed, ports, refusedHosts } from './refused_vectors.js'

const port = 8443
const options = { allow: ['127.0.0.9'], deny: ['denied.example'], ports: [port] }
const refusal = (endpoint: unknown) => egressRules(options, 'https://op.example').refusal(endpoint)

const absolute = 'must be an absolute https URL'
const user = 'must not contain user information'
const fragment = 'must not contain a fragment'
const otherPort = 'must use port 8443'
const own = 'must not be at the host of this provider'
const address = 'must not be at an address that may not be reached'
const denied = 'must not be at this host'

describe('I-123 I-124 E-22 what is wrong with an endpoint', () => {
  test.each<[unknown, string | undefined]>([
    [undefined, absolute],
    [[`https://rp.example:${port}/`], absolute],
    ['', absolute],
    ['https://', absolute],
    ['https:///rp.example:8443/', absolute],
    ['https://?rp.example:8443', absolute],
    ['https://#rp.example:8443', absolute],
    ['https://rp.example:8443/\u0001', absolute],
    ['https://rp.example:8443/\\', absolute],
    ['https://rp.example:99999/', absolute],
    ['https://rp..example:8443/', absolute],
    ['https://rp.example..:8443/', absolute],
    ['https://rp.example.:8443/', undefined],
    ['https://r:8443', undefined],
    ['HTTPS://rp.example:8443/notified', undefined],
    ['https://@rp.example:8443/', user],
    ['https://user@rp.example:8443?at=home', user],
    ['https://rp.example:8443/@', undefined],
    ['https://rp.example:8443?at=@', undefined],
    ['https://rp.example:8443/#', fragment],
    ['https://rp.example:8443#@', fragment],
    ['https://rp.example/', otherPort],
    ['https://op.example:8443/', own],
    ['https://op.example./', otherPort],
    ['https://127.0.0.9:8443/', undefined],
    ['https://127.0.0.8:8443/', address],
    ['https://[::1]:8443/', address],
    ['https://denied.example:8443/', denied],
    ['https://db.denied.example:8443/', denied],
    ['https://notdenied.example:8443/', undefined],
    ['https://denied.example.org:8443/', undefined],
  ])('%j: %s', (endpoint, fault) => {
    expect(refusal(endpoint)).toBe(fault)
  })

  test('of the vectors each has a fault', () => {
    const endpoints = [...literals(port), ...refusedHosts(port), ...ports()].map(({ endpoint }) => endpoint)
    expect([...malformed(port), ...endpoints].filter((endpoint) => !refusal(endpoint))).toEqual([])
  })

  test('several ports are all named', () => {
    const { refusal } = egressRules({ allow: [], deny: [], ports: [443, 8443] }, 'https://op.example')
    expect(refusal('https://rp.example:80/')).toBe('must use port 443 or 8443')
    for (const at of ['', ':443', ':8443']) expect(refusal(`https://rp.example${at}/`)).toBeUndefined()
  })

  test('a host may be denied in upper case, and beside a range', () => {
    const { refusal } = egressRules(
      { allow: [], deny: ['8.8.8.0/24', 'Denied.Example'], ports: [443] },
      'https://op.example',
    )
    expect(refusal('https://denied.example/')).toBe(denied)
    expect(refusal('https://8.8.8.8/')).toBe(address)
    expect(refusal('https://8.8.9.8/')).toBeUndefined()
  })
})

/** An issuer, an endpoint, and whether the endpoint is at the host of the issuer. */
const owners: [issuer: string, endpoint: string, isOwn: boolean][] = [
  ['https://op.example:9000', 'https://op.example/', true],
  ['https://op.example.', 'https://op.example/', true],
  ['https://op.example', 'https://op.example.org/', false],
  ['https://op.example', 'https://an.op.example/', false],
  ['https://8.8.8.8', 'https://8.8.8.8/', true],
  ['https://8.8.8.8', 'https://8.8.4.4/', false],
  ['https://8.8.8.8', 'https://[::ffff:8.8.8.8]/', true],
  ['https://[2606:4700::1]', 'https://[2606:4700:0::1]/', true],
  ['https://127.0.0.1.example', 'https://127.0.0.1:443/', false],
  ['https://localhost', 'https://localhost/', true],
  ['http://localhost', 'https://localhost/', false],
  ['http://localhost', 'https://localhost:80/', true],
  ['https://localhost', 'https://localhost:80/', false],
  ['http://localhost:443', 'https://op.localhost/', true],
  ['http://op.localhost:443', 'https://127.1.2.3/', true],
  ['http://127.1.2.3:443', 'https://localhost/', true],
  ['http://0.0.0.0:443', 'https://[::]/', true],
  ['http://[::]:443', 'https://0.0.0.0/', true],
  ['http://[::1]:443', 'https://0.0.0.0/', true],
  ['http://localhost:443', 'https://notlocalhost/', false],
  ['http://localhost:443', 'https://localhost.example/', false],
  ['http://localhost:443', 'https://9.127.0.1/', false],
  ['http://localhost:443', 'https://0.0.0.1/', false],
  ['http://localhost:443', 'https://10.0.0.0/', false],
  ['http://localhost:443', 'https://[2606:4700::1]/', false],
  ['http://localhost:443', 'https://[::12]/', false],
]

describe('T4 the host of this provider', () => {
  const everything = { allow: ['0.0.0.0/0', '::/0'], deny: [], ports: [80, 443] }

  test.each(owners)('%s, %s: %s', (issuer, endpoint, isOwn) => {
    const { refusal } = egressRules(everything, issuer)
    expect(refusal(endpoint)).toBe(isOwn ? own : undefined)
  })
})

describe('I-124 E-22 a connection', () => {
  test.each<[address: string, port: number, issuer: string, isPermitted: boolean]>([
    ['8.8.8.8', 443, 'https://op.example', true],
    ['127.0.0.9', 1, 'https://op.example', true],
    ['127.0.0.8', 443, 'https://op.example', false],
    ['8.8.8.8', 1, 'https://8.8.8.8', false],
    ['2606:4700:0::1', 1, 'https://[2606:4700::1]', false],
    ['127.0.0.9', 443, 'https://localhost', false],
    ['127.0.0.9', 8443, 'https://localhost', true],
    ['rp.example', 443, 'https://op.example', false],
  ])('to %s, port %i, of a provider at %s is permitted: %s', (to, at, issuer, isPermitted) => {
    expect(egressRules(options, issuer).permits(to, at)).toBe(isPermitted)
  })
})
