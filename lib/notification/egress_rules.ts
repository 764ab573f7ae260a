/*
 * Where a notification may go, as far as it can be told from the endpoint itself. Registration, the check of static clients and every
 * attempt ask the same: an endpoint that an adapter or a metadata document brought was never registered.
 */
import { isIP } from 'node:net'
import type { NotificationOptions } from '../options.js'
import { canonical, isReachable, type Range, toRange } from './addresses.js'

/** The operator's rules. */
export interface EgressRules {
  /** what is wrong with an endpoint as its client gave it, in words that follow its name; names are not resolved for it */
  refusal(endpoint: unknown): string | undefined
  /** whether a connection to this port of this address may be opened */
  permits(address: string, port: number): boolean
}

const notAbsolute = 'must be an absolute https URL'

/** The rules of the options, for a provider with this issuer. */
export function egressRules(
  { allow = [], deny = [], ports = [443] }: NotificationOptions,
  issuer: string,
): EgressRules {
  const own = new URL(issuer)
  const ranges = { allow: toRanges(allow), deny: toRanges(deny) }
  const deniedHosts = deny.filter((entry) => !toRange(entry)).map((host) => host.toLowerCase())
  const permits = (address: string, port: number) => isReachable(address, ranges) && !isOwn(address, port, own)
  return {
    permits,
    refusal(endpoint) {
      const fault = faultOf(endpoint)
      if (fault) return fault
      const url = new URL(endpoint as string)
      const [host, port] = [hostOf(url), portOf(url)]
      if (!ports.includes(port)) return `must use port ${ports.join(' or ')}`
      // the resolver would take one more dot off, and a rule about the name would not see it
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
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

/** The port of an endpoint. */
export function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'http:' ? 80 : 443
}

// URL parsing mends slashes, blanks and line breaks, and forgets user information and fragments that are empty
function faultOf(endpoint: unknown): string | undefined {
  if (typeof endpoint !== 'string' || !/^https:\/\/(?![/?#])[^\s\\\p{Cc}]+$/iu.test(endpoint)) return notAbsolute
  if (!URL.canParse(endpoint)) return notAbsolute
  const [authority = ''] = endpoint.slice('https://'.length).split(/[/?#]/)
  if (authority.includes('@')) return 'must not contain user information'
  if (endpoint.includes('#')) return 'must not contain a fragment'
  return undefined
}

// on loopback only our own port is refused, under whatever name, elsewhere the whole host
function isOwn(host: string, port: number, own: URL): boolean {
  const ownHost = hostOf(own)
  if (isLoopback(ownHost)) return isLoopback(host) && port === portOf(own)
  return (canonical(host) ?? host) === (canonical(ownHost) ?? ownHost)
}

// the unspecified addresses lead there as well
function isLoopback(host: string): boolean {
  return /^(.+\.)?localhost$/.test(host) || /^(127\..*|0\.0\.0\.0|::1?)$/.test(canonical(host) ?? '')
}

function toRanges(entries: readonly string[]): Range[] {
  return entries.map(toRange).filter((range) => range !== undefined)
}
