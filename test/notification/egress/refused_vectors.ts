/** What a resolver says of a name, the n-th time it is asked. */
export type Resolution = (n: number) => unknown

/** An endpoint that must not be reached. */
export interface Vector {
  name: string
  endpoint: string
  /** what its name resolves to; without one nobody must ask */
  resolution?: Resolution
}

const ipv4 = [
  ...['127.0.0.1', '127.0.0.2', '127.255.255.254', '2130706433', '0x7f000001', '0X7F.0.0.1', '0177.0.0.1'],
  ...['017700000001', '127.1', '127.0.1', '0x7f.1', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.０.０.１', '①②⑦.0.0.1'],
  ...['0', '0.0.0.0', '0.1.2.3', '10.0.0.1', '0xa000001', '012.0.0.1', '100.64.0.1', '100.127.255.255'],
  ...['169.254.169.254', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '172.16.0.1', '172.31.255.255'],
  ...['192.0.0.1', '192.0.0.9', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255'],
  ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
]

const ipv6 = [
  ...['::', '::1', '0:0:0:0:0:0:0:1', '::0001', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1'],
  ...['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::7f00:1', '2002:7f00:1::', '2002:808:808::1'],
  ...[
    '2001:0:7f00:1::',
    '2001::80ff:fffe',
    '100::1',
    '2001:2::1',
    '2001:10::1',
    '2001:20::1',
    '2001:db8::1',
    '3fff::1',
  ],
  ...[
    '5f00::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'febf::1',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
    '4000::1',
    '1000::1',
  ],
]

const answers: Record<string, unknown> = {
  loopback: ['127.0.0.1'],
  'private address': ['10.0.0.1'],
  'metadata of a cloud': ['169.254.169.254'],
  'unspecified address': ['0.0.0.0'],
  'IPv6 loopback': ['::1'],
  'mapped loopback': ['::ffff:127.0.0.1'],
  'mapped public address': ['::ffff:8.8.8.8'],
  'NAT64 of loopback': ['64:ff9b::7f00:1'],
  'unique local address': ['fd00::1'],
  'link-local address with a zone': ['fe80::1%lo'],
  'allowed address with a zone': ['127.0.0.9%lo'],
  'public, then private': ['8.8.8.8', '10.0.0.1'],
  'private, then public': ['10.0.0.1', '8.8.8.8'],
  'public IPv4, loopback IPv6': ['8.8.8.8', '::1'],
  'public and allowed and private': ['8.8.8.8', '127.0.0.9', '127.0.0.1'],
  'as dns.lookup answers': [{ address: '127.0.0.1', family: 4 }],
  'public and private, as dns.lookup answers': [{ address: '8.8.8.8' }, { address: '127.0.0.1' }],
  'a number for an address': ['2130706433'],
  'a short address': ['127.1'],
  'an octal address': ['0177.0.0.1'],
  'an address in brackets': ['[::1]'],
  'an address and a blank': ['127.0.0.1 '],
  'a name, as of a CNAME nobody followed': ['alias.example'],
  'an empty text': [''],
}

// each resolves to an address that may be reached, so that nothing but the name is wrong
const hosts = {
  'denied name': 'denied.example',
  'below a denied name': 'db.denied.example',
  'denied name in upper case': 'DENIED.Example',
  'denied name with the dot of the root': 'denied.example.',
  'denied name with two dots': 'denied.example..',
  'denied name in full width letters': 'ｄｅｎｉｅｄ.example',
  'denied name with an ideographic full stop': 'denied。example',
  'denied name, percent-encoded': 'd%65nied.example',
  'host of the provider': 'op.example',
  'host of the provider in upper case': 'OP.EXAMPLE',
  'host of the provider with the dot of the root': 'op.example.',
  'host of the provider with two dots': 'op.example..',
}

const named = {
  localhost: 'localhost',
  'localhost in upper case': 'LOCALHOST',
  'localhost with a dot': 'localhost.',
  'below localhost': 'op.localhost',
  'trailing dot': 'dotted.example.',
  'upper case': 'UPPER.EXAMPLE',
  'IDN digits in a name': '①②⑦.example',
  'IDN name': 'bücher.example',
  'one label': 'intranet',
  underscore: '_dmarc.example',
}

/** Endpoints that are wrong as they are written; the name of some resolves to an address that may be reached. */
export const malformed = (port: number): unknown[] => [
  `http://rp.example:${port}/`,
  `https://user@rp.example:${port}/`,
  `https://user:password@rp.example:${port}/`,
  `https://:password@rp.example:${port}/`,
  `https://@rp.example:${port}/`,
  `https://:@rp.example:${port}/`,
  `https://rp.example:${port}/#`,
  `https://rp.example:${port}/#fragment`,
  `https://rp.example:${port} /`,
  ` https://rp.example:${port}/`,
  `https://rp.example:${port}/\n`,
  `https://rp.example:${port}/a b`,
  `https:/rp.example:${port}/`,
  `https:rp.example:${port}`,
  `https:\\\\rp.example:${port}`,
  `https://rp.example:${port}\\notified`,
  `https://rp.example\\@127.0.0.1:${port}/`,
  `//rp.example:${port}/`,
  '/notified',
  'https://',
  'https://rp.example:99999/',
  `https://256.0.0.1:${port}/`,
  `https://1.2.3.4.5:${port}/`,
  `https://0x100000000:${port}/`,
  `https://[fe80::1%25lo]:${port}/`,
  `https://[::1:${port}/`,
  `https://rp.exam\nple:${port}/`,
  `ftp://rp.example:${port}/`,
  'javascript:alert(1)',
  '',
  [`https://rp.example:${port}/`],
  {},
  1,
  true,
]

/** Names of loopback, for an issuer there whose port is this. */
export const ownPort = (port: number): Vector[] =>
  ['localhost', 'LOCALHOST.', 'op.localhost', '127.0.0.1', '127.0.0.9', '127.1', '[::1]'].map((host) => ({
    name: host,
    endpoint: `https://${host}:${port}/`,
  }))

/** Names whose resolver names an address nobody may reach. */
const refusedNames = (port: number): Vector[] => [
  ...Object.entries(answers).map(([name, found], at) => ({
    name: `a name with ${name}`,
    endpoint: `https://n${at}.example:${port}/`,
    resolution: () => found,
  })),
  ...Object.entries(named).map(([name, host]) => ({
    name,
    endpoint: `https://${host}:${port}/`,
    resolution: () => ['127.0.0.1'],
  })),
]

/** Endpoints with nothing to resolve. */
export const literals = (port: number): Vector[] => [
  ...ipv4.map((host) => ({ name: host, endpoint: `https://${host}:${port}/` })),
  ...ipv6.map((host) => ({ name: `[${host}]`, endpoint: `https://[${host}]:${port}/` })),
]

/** Endpoints on ports nobody allowed; the name alone would do. */
export const ports = (): Vector[] =>
  ['', ':443', ':22', ':25', ':0', ':80', ':6379', ':65535'].map((port) => ({
    name: `port ${port || 'left out'}`,
    endpoint: `https://allowed.example${port}/`,
    resolution: () => ['127.0.0.9'],
  }))

/** Names that are refused whatever they resolve to. */
export const refusedHosts = (port: number): Vector[] =>
  Object.entries(hosts).map(([name, host]) => ({
    name,
    endpoint: `https://${host}:${port}/`,
    resolution: () => ['127.0.0.9'],
  }))

/** All of them. Of loopback only 127.0.0.9 is allowed. */
export const refused = (port: number): Vector[] => [
  ...literals(port),
  ...refusedNames(port),
  ...refusedHosts(port),
  ...ports(),
]

/** Answers a resolver must not give: nothing is opened, and it is asked again later. */
export const garbage: Record<string, unknown> = {
  nothing: undefined,
  null: null,
  'no array': '127.0.0.9',
  'an object': { address: '127.0.0.9' },
  'an empty array': [],
  'an array of nothing': [undefined],
  'an array of null': [null],
  'a number': [2130706433],
  'an array within': [['127.0.0.9']],
  'an object without an address': [{ family: 4 }],
  'an address that is no text': [{ address: 2130706433 }],
  'an allowed one and nothing': ['127.0.0.9', undefined],
}

/** An allowed address for the check, another for the connection. */
export const rebinding = (port: number): Vector => ({
  name: 'rebinding',
  endpoint: `https://rebinding.example:${port}/`,
  resolution: (n) => (n === 1 ? ['127.0.0.9'] : ['127.0.0.1']),
})

/** A resolver that knows the names of these endpoints, and counts how often it is asked. */
export function resolverOf(vectors: readonly Vector[]) {
  const known = new Map(vectors.map(({ endpoint, resolution }) => [nameOf(endpoint), resolution]))
  const asked = new Map<string, number>()
  return {
    asked: (endpoint: string) => asked.get(nameOf(endpoint)) ?? 0,
    resolve(host: string): never {
      const name = host.toLowerCase()
      const n = (asked.get(name) ?? 0) + 1
      asked.set(name, n)
      const resolution = known.get(name)
      if (!resolution) throw new Error(`nobody knows ${host}`)
      // what comes of it may be nothing a resolver should say
      return resolution(n) as never
    },
  }
}

/** The name of an endpoint, as a resolver is asked for it. */
export function nameOf(endpoint: string): string {
  return new URL(endpoint).hostname.replace(/\.$/, '')
}
