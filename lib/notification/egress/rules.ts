/*
 * Which endpoints a notification may be sent to. The same rules apply at registration, to static clients and at every attempt,
 * because an endpoint from an adapter or a metadata document was never registered here.
 */

import { isIP } from 'node:net'
import { parseUrl } from '../../deferral/parse_url.js'
import { canonical, isReachable, type Range, toRange } from './addresses.js'

/** The operator's rules. */
export interface EgressRules {
  /** why an endpoint is refused: the end of a sentence that begins with its name. Host names are not resolved */
  refusal(endpoint: unknown): string | undefined
  /** whether a connection to this port of this address may be opened */
  permits(address: string, port: number): boolean
}

const notAbsolute = 'must be an absolute https URL'

/** What the operator permits. */
export interface Permissions {
  /** ranges and addresses */
  allow: readonly string[]
  /** ranges, addresses and host names */
  deny: readonly string[]
  ports: readonly number[]
}

/** The rules of the options. Nothing at the host of this issuer may be reached; without an issuer no host is excluded. */
export function egressRules({ allow, deny, ports }: Permissions, issuer?: string): EgressRules {
  const own = issuer === undefined ? undefined : new URL(issuer)
  const ranges = { allow: toRanges(allow), deny: toRanges(deny) }
  // a range among them is the name of no host
  const deniedHosts = deny.map((entry) => entry.toLowerCase())
  const permits = (address: string, port: number) => isReachable(address, ranges) && !isOwn(address, port, own)
  return {
    permits,
    refusal(endpoint) {
      const fault = faultOf(endpoint)
      if (fault) return fault
      const url = new URL(endpoint as string)
      const [host, port] = [hostnameOf(url), portOf(url)]
      if (!ports.includes(port)) return `must use port ${ports.join(' or ')}`
      // a resolver ignores a second dot at the end, but a rule for the name would not match
      if (host.split('.').includes('')) return notAbsolute
      if (isOwn(host, port, own)) return 'must not be at the host of this provider'
      if (isIP(host) && !permits(host, port)) return 'must not be at an address that may not be reached'
      if (deniedHosts.some((denied) => host === denied || host.endsWith(`.${denied}`)))
        return 'must not be at this host'
      return undefined
    },
  }
}

/** The host of an endpoint as it is looked up: a name without the dot of the root, or an address without brackets. */
export function hostnameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

/** The port of an endpoint. */
export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'http:' ? 80 : 443
}

// checks the text: URL parsing repairs slashes, blanks and line breaks, and drops empty user information and empty fragments
function faultOf(endpoint: unknown): string | undefined {
  if (typeof endpoint !== 'string' || !/^https:\/\/(?![/?#])[^\s\\\p{Cc}]+$/iu.test(endpoint)) return notAbsolute
  if (!parseUrl(endpoint)) return notAbsolute
  const [authority = ''] = endpoint.slice('https://'.length).split(/[/?#]/)
  if (authority.includes('@')) return 'must not contain user information'
  if (endpoint.includes('#')) return 'must not contain a fragment'
  return undefined
}

// on loopback only our own port is refused, under every name of loopback; elsewhere the whole host
function isOwn(host: string, port: number, own: URL | undefined): boolean {
  if (!own) return false
  const ownHost = hostnameOf(own)
  if (isLoopback(ownHost)) return isLoopback(host) && port === portOf(own)
  return (canonical(host) ?? host) === (canonical(ownHost) ?? ownHost)
}

// the unspecified addresses reach loopback, too
function isLoopback(host: string): boolean {
  return /^(.+\.)?localhost$/.test(host) || /^(127\..*|0\.0\.0\.0|::1?)$/.test(canonical(host) ?? '')
}

function toRanges(entries: readonly string[]): Range[] {
  return entries.map(toRange).filter((range) => range !== undefined)
}
