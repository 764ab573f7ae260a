import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical, isPublic, isReachable, type Range, toRange } from '../../../lib/notification/egress/addresses.js'
import { boundaries, isPublicByRegistry, type Numbered, written } from '../registries.js'

const seed = Number(process.env.RACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
process.stderr.write(`addresses: RACE_SEED=${seed}\n`)

const anywhere = (version: 4 | 6): fc.Arbitrary<Numbered> =>
  fc.bigInt({ min: 0n, max: (1n << (version === 4 ? 32n : 128n)) - 1n }).map((value) => ({ version, value }))
// IPv6 is mostly empty: chance alone would hardly meet a block
const nearby = fc
  .tuple(fc.constantFrom(...boundaries), fc.bigInt({ min: -70_000n, max: 70_000n }))
  .map(([{ version, value }, distance]) => ({ version, value: value + distance }))
  .filter(({ version, value }) => value >= 0n && value < 1n << (version === 4 ? 32n : 128n))
const addresses = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...boundaries) },
  { weight: 3, arbitrary: nearby },
  { weight: 2, arbitrary: anywhere(4) },
  { weight: 1, arbitrary: anywhere(6) },
)

describe('I-123 I-124 E-22 what is public is what the registries call globally reachable', () => {
  test('at the edges of every block', () => {
    const wrong = boundaries.filter((edge) => isPublic(written(edge)) !== isPublicByRegistry(edge)).map(written)
    expect(wrong).toEqual([])
    expect(boundaries.length).toBeGreaterThan(200)
  })

  test('for random addresses', () => {
    fc.assert(
      fc.property(addresses, (address) => isPublic(written(address)) === isPublicByRegistry(address)),
      { seed, numRuns: 20_000 },
    )
  })

  test('a classifier that asks only the narrowest block is caught', () => {
    // 192.0.0.9 is called reachable within 192.0.0.0/24, which is not
    const narrow = (text: string) => isPublic(text) || text === '192.0.0.9'
    expect(boundaries.some((edge) => narrow(written(edge)) !== isPublicByRegistry(edge))).toBe(true)
  })
})

test.each([
  ['8.8.8.8', true],
  ['192.0.0.9', false],
  ['192.31.196.1', true],
  ['2001:4860:4860::8888', true],
  ['2001:4860:4860:0:0:0:0:8888', true],
  ['2001:3::1', false],
  ['2620:4f:8000::1', true],
  ['::8.8.8.8', false],
  ['::ffff:8.8.8.8', false],
  ['::FFFF:808:808', false],
  ['64:ff9b::8.8.8.8', false],
  ['fec0::1', false],
  ['ff0e::1', false],
  ['2606:4700::1%eth0', false],
  ['fe80::1%lo', false],
  ['010.8.8.8', false],
  ['8.8.8.8/32', false],
  ['134744072', false],
  ['0x8.8.8.8', false],
  ['8.8.8', false],
  [' 8.8.8.8', false],
  ['[2606:4700::1]', false],
  ['', false],
])('I-123 E-22 %s: public is %s', (address, expected) => {
  expect(isPublic(address)).toBe(expected)
})

const ranges = (...texts: string[]): Range[] =>
  texts.map((text) => {
    const range = toRange(text)
    if (!range) throw new Error(`no range: ${text}`)
    return range
  })

test.each([
  ['allowed', ['10.0.0.0/8'], [], '10.1.2.3', true],
  ['outside what is allowed', ['10.0.0.0/8'], [], '11.1.2.3', true],
  ['outside what is allowed, and not public', ['10.0.0.0/8'], [], '192.168.0.1', false],
  ['a single address', ['10.1.2.3'], [], '10.1.2.3', true],
  ['the one beside it', ['10.1.2.3'], [], '10.1.2.4', false],
  ['denied', [], ['8.8.8.0/24'], '8.8.8.8', false],
  ['deny is narrower', ['10.0.0.0/8'], ['10.1.0.0/16'], '10.1.2.3', false],
  ['allow is narrower', ['10.1.0.0/16'], ['10.0.0.0/8'], '10.1.2.3', true],
  ['both are equal', ['10.0.0.0/8'], ['10.0.0.0/8'], '10.1.2.3', false],
  ['equal, otherwise written', ['10.9.9.9/8'], ['10.0.0.0/8'], '10.1.2.3', false],
  ['the narrowest of three', ['10.0.0.0/8', '10.1.2.0/24'], ['10.1.0.0/16'], '10.1.2.3', true],
  ['everything is allowed', ['0.0.0.0/0'], [], '127.0.0.1', true],
  ['everything is allowed, of the other family', ['0.0.0.0/0'], [], '::1', false],
  ['everything is denied but one', ['8.8.8.8'], ['0.0.0.0/0', '::/0'], '8.8.8.8', true],
  ['everything is denied', ['8.8.8.8'], ['0.0.0.0/0', '::/0'], '8.8.4.4', false],
  ['everything is denied, of the other family', ['8.8.8.8'], ['0.0.0.0/0', '::/0'], '2606:4700::1', false],
  ['IPv6', ['::1'], [], '0:0:0:0:0:0:0:1', true],
  ['mapped, and allowed as IPv4', ['127.0.0.0/8'], [], '::ffff:127.0.0.1', false],
  ['mapped, and everything allowed', ['::/0', '0.0.0.0/0'], [], '::ffff:8.8.8.8', false],
  ['a zone', ['fe80::/10'], [], 'fe80::1%lo', false],
  ['no address', ['0.0.0.0/0', '::/0'], [], 'rp.example', false],
])('I-123 E-22 %s: allow %j deny %j, %s is reachable: %s', (_, allow, deny, address, expected) => {
  expect(isReachable(address, { allow: ranges(...allow), deny: ranges(...deny) })).toBe(expected)
})

test.each([
  '',
  '/',
  '/8',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8.0',
  '10.0.0.0/0x8',
  '10.0.0.0/ 8',
  '10.0.0.0/8 ',
  '10.0.0.0/8/9',
  '10.0.0.0/255.0.0.0',
  '::/129',
  '::1/128/',
  '10.0.0',
  '10/8',
  '010.0.0.0/8',
  '0x0a.0.0.0/8',
  '167772160/8',
  '10.0.0.256',
  'fe80::1%eth0',
  'fe80::%eth0/10',
  '::ffff:0:0/96',
  '::ffff:127.0.0.1',
  '[::1]',
  'rp.example',
  '10.0.0.0-10.0.0.255',
  '*',
])('%j is no range', (text) => {
  expect(toRange(text)).toBeUndefined()
})

test.each([
  ['10.0.0.0/32', 32],
  ['10.0.0.0/8', 8],
  ['0.0.0.0/0', 0],
  ['10.0.0.0', 32],
  ['::/128', 128],
  ['::/0', 0],
  ['::', 128],
])('%s is a range with %i bits', (text, bits) => {
  expect(toRange(text)?.[1]).toBe(bits)
})

test('an address is the same however it is written', () => {
  expect(canonical('::ffff:127.0.0.1')).toBe('127.0.0.1')
  expect(canonical('2001:0DB8:0:0::1')).toBe(canonical('2001:db8::1'))
  expect(canonical('rp.example')).toBeUndefined()
})
