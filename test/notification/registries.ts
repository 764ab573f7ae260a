/*
 * Our own transcription of IANA's special-purpose address registries, and arithmetic of our own, so that the classifier is not
 * compared with itself.
 */

// a cell as the registry prints it; blank where the allocation has ended
type Cell = 'True' | 'False' | 'N/A' | ''

/** Address block, name, source, destination, forwardable, globally reachable, reserved by protocol. */
type Row = readonly [string, string, Cell, Cell, Cell, Cell, Cell]

/** https://www.iana.org/assignments/iana-ipv4-special-registry */
const ipv4Registry: readonly Row[] = [
  ['0.0.0.0/8', '"This network"', 'True', 'False', 'False', 'False', 'True'],
  ['0.0.0.0/32', '"This host on this network"', 'True', 'False', 'False', 'False', 'True'],
  ['10.0.0.0/8', 'Private-Use', 'True', 'True', 'True', 'False', 'False'],
  ['100.64.0.0/10', 'Shared Address Space', 'True', 'True', 'True', 'False', 'False'],
  ['127.0.0.0/8', 'Loopback', 'False', 'False', 'False', 'False', 'True'],
  ['169.254.0.0/16', 'Link Local', 'True', 'True', 'False', 'False', 'True'],
  ['172.16.0.0/12', 'Private-Use', 'True', 'True', 'True', 'False', 'False'],
  ['192.0.0.0/24', 'IETF Protocol Assignments', 'False', 'False', 'False', 'False', 'False'],
  ['192.0.0.0/29', 'IPv4 Service Continuity Prefix', 'True', 'True', 'True', 'False', 'False'],
  ['192.0.0.8/32', 'IPv4 dummy address', 'True', 'False', 'False', 'False', 'False'],
  ['192.0.0.9/32', 'Port Control Protocol Anycast', 'True', 'True', 'True', 'True', 'False'],
  ['192.0.0.10/32', 'Traversal Using Relays around NAT Anycast', 'True', 'True', 'True', 'True', 'False'],
  ['192.0.0.170/32', 'NAT64/DNS64 Discovery', 'False', 'False', 'False', 'False', 'True'],
  ['192.0.0.171/32', 'NAT64/DNS64 Discovery', 'False', 'False', 'False', 'False', 'True'],
  ['192.0.2.0/24', 'Documentation (TEST-NET-1)', 'False', 'False', 'False', 'False', 'False'],
  ['192.31.196.0/24', 'AS112-v4', 'True', 'True', 'True', 'True', 'False'],
  ['192.52.193.0/24', 'AMT', 'True', 'True', 'True', 'True', 'False'],
  ['192.88.99.0/24', 'Deprecated (6to4 Relay Anycast)', '', '', '', '', ''],
  ['192.88.99.2/32', '6a44-relay anycast address', 'True', 'True', 'True', 'False', 'False'],
  ['192.168.0.0/16', 'Private-Use', 'True', 'True', 'True', 'False', 'False'],
  ['192.175.48.0/24', 'Direct Delegation AS112 Service', 'True', 'True', 'True', 'True', 'False'],
  ['198.18.0.0/15', 'Benchmarking', 'True', 'True', 'True', 'False', 'False'],
  ['198.51.100.0/24', 'Documentation (TEST-NET-2)', 'False', 'False', 'False', 'False', 'False'],
  ['203.0.113.0/24', 'Documentation (TEST-NET-3)', 'False', 'False', 'False', 'False', 'False'],
  ['240.0.0.0/4', 'Reserved', 'False', 'False', 'False', 'False', 'True'],
  ['255.255.255.255/32', 'Limited Broadcast', 'False', 'True', 'False', 'False', 'True'],
]

/** https://www.iana.org/assignments/iana-ipv6-special-registry */
const ipv6Registry: readonly Row[] = [
  ['::1/128', 'Loopback Address', 'False', 'False', 'False', 'False', 'True'],
  ['::/128', 'Unspecified Address', 'True', 'False', 'False', 'False', 'True'],
  ['::ffff:0:0/96', 'IPv4-mapped Address', 'False', 'False', 'False', 'False', 'True'],
  ['64:ff9b::/96', 'IPv4-IPv6 Translat.', 'True', 'True', 'True', 'True', 'False'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 Translat.', 'True', 'True', 'True', 'False', 'False'],
  ['100::/64', 'Discard-Only Address Block', 'True', 'True', 'True', 'False', 'False'],
  ['100:0:0:1::/64', 'Dummy IPv6 Prefix', 'True', 'False', 'False', 'False', 'False'],
  ['2001::/23', 'IETF Protocol Assignments', 'False', 'False', 'False', 'False', 'False'],
  ['2001::/32', 'TEREDO', 'True', 'True', 'True', 'N/A', 'False'],
  ['2001:1::1/128', 'Port Control Protocol Anycast', 'True', 'True', 'True', 'True', 'False'],
  ['2001:1::2/128', 'Traversal Using Relays around NAT Anycast', 'True', 'True', 'True', 'True', 'False'],
  ['2001:1::3/128', 'DNS-SD Service Registration Protocol Anycast', 'True', 'True', 'True', 'True', 'False'],
  ['2001:2::/48', 'Benchmarking', 'True', 'True', 'True', 'False', 'False'],
  ['2001:3::/32', 'AMT', 'True', 'True', 'True', 'True', 'False'],
  ['2001:4:112::/48', 'AS112-v6', 'True', 'True', 'True', 'True', 'False'],
  ['2001:10::/28', 'Deprecated (previously ORCHID)', '', '', '', '', ''],
  ['2001:20::/28', 'ORCHIDv2', 'True', 'True', 'True', 'True', 'False'],
  ['2001:30::/28', 'Drone Remote ID Protocol Entity Tags (DETs) Prefix', 'True', 'True', 'True', 'True', 'False'],
  ['2001:db8::/32', 'Documentation', 'False', 'False', 'False', 'False', 'False'],
  ['2002::/16', '6to4', 'True', 'True', 'True', 'N/A', 'False'],
  ['2620:4f:8000::/48', 'Direct Delegation AS112 Service', 'True', 'True', 'True', 'True', 'False'],
  ['3fff::/20', 'Documentation', 'False', 'False', 'False', 'False', 'False'],
  ['5f00::/16', 'Segment Routing (SRv6) SIDs', 'True', 'True', 'True', 'False', 'False'],
  ['fc00::/7', 'Unique-Local', 'True', 'True', 'True', 'False', 'False'],
  ['fe80::/10', 'Link-Local Unicast', 'True', 'True', 'False', 'False', 'True'],
]

/** Not in those registries, and not for us: multicast, and everything that carries an IPv4 address nobody looked at. */
const ours = {
  4: ['224.0.0.0/4'],
  6: ['ff00::/8', '::ffff:0:0/96', '64:ff9b::/96', '2001::/32', '2002::/16'],
}
const globalUnicast = '2000::/3'

/** IP version, and the number an address is. */
export interface Numbered {
  version: 4 | 6
  value: bigint
}

interface Block extends Numbered {
  bits: number
}

const width = { 4: 32, 6: 128 } as const
const registries = { 4: ipv4Registry, 6: ipv6Registry }

const unreachable = ([4, 6] as const).flatMap((version) => [
  ...registries[version].filter(([, , , , , reachable]) => reachable !== 'True').map(([block]) => toBlock(block)),
  ...ours[version].map(toBlock),
])

/** What the registries make of an address: nothing within a block that is not globally reachable, and in IPv6 only global unicast. */
export function isPublicByRegistry(address: Numbered): boolean {
  if (unreachable.some((block) => contains(block, address))) return false
  return address.version === 4 || contains(toBlock(globalUnicast), address)
}

/** First and last address of every block, and the ones before and after. */
export const boundaries: readonly Numbered[] = [
  ...[...ipv4Registry, ...ipv6Registry].map(([block]) => block),
  ...ours[4],
  ...ours[6],
  globalUnicast,
].flatMap((text) => {
  const { version, value, bits } = toBlock(text)
  const size = 1n << BigInt(width[version] - bits)
  const end = 1n << BigInt(width[version])
  return [value - 1n, value, value + 1n, value + size - 2n, value + size - 1n, value + size]
    .filter((edge) => edge >= 0n && edge < end)
    .map((edge) => ({ version, value: edge }))
})

/** The plainest way to write an address. */
export function written({ version, value }: Numbered): string {
  const [count, bits, radix] = version === 4 ? [4, 8n, 10] : [8, 16n, 16]
  const parts = Array.from({ length: count }, (_, at) => {
    const shift = bits * BigInt(count - 1 - at)
    return ((value >> shift) & ((1n << bits) - 1n)).toString(radix)
  })
  return parts.join(version === 4 ? '.' : ':')
}

function contains({ version, value, bits }: Block, address: Numbered): boolean {
  const shift = BigInt(width[version] - bits)
  return version === address.version && value >> shift === address.value >> shift
}

function toBlock(text: string): Block {
  const [address = '', bits] = text.split('/')
  const version = address.includes(':') ? 6 : 4
  const parts = version === 4 ? address.split('.') : expanded(address)
  const size = version === 4 ? 8n : 16n
  const value = parts.reduce((sum, part) => (sum << size) | BigInt(version === 4 ? part : `0x${part}`), 0n)
  return { version, value, bits: Number(bits) }
}

function expanded(address: string): string[] {
  const [head = [], tail] = address.split('::').map((side) => side.split(':').filter(Boolean))
  return tail ? [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail] : head
}
