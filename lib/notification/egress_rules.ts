/*
 * Where a notification may go, as far as it can be told from the endpoint itself: at registration, and once more before each attempt.
 */
import { isIP } from 'node:net'
import type { NotificationOptions } from '../options.js'
import { isReachable, type Range, toRange } from './addresses.js'

/** The operator's rules. */
export interface EgressRules {
  /** what is wrong with an endpoint, in words that follow its name; names are not resolved for it */
  refusal(url: URL): string | undefined
  /** whether a connection to this address may be opened */
  permits(address: string): boolean
}

/** The rules of the options, for a provider with this issuer. */
export function egressRules(
  { allow = [], deny = [], ports = [443] }: NotificationOptions,
  issuer: string,
): EgressRules {
  const own = new URL(issuer)
  const ranges = { allow: toRanges(allow), deny: toRanges(deny) }
  const deniedHosts = deny.filter((entry) => !toRange(entry)).map((host) => host.toLowerCase())
  const permits = (address: string) => isReachable(address, ranges)
  return {
    permits,
    refusal(url) {
      if (url.protocol !== 'https:') return 'must be an absolute https URL'
      if (!ports.includes(portOf(url))) return `must use port ${ports.join(' or ')}`
      const host = hostOf(url)
      // the resolver would take one more dot off, and a rule about the name would not see it
      if (host.split('.').includes('')) return 'must be an absolute https URL'
      if (isIP(host) && !permits(host)) return 'must not be at an address that may not be reached'
      if (deniedHosts.some((denied) => host === denied || host.endsWith(`.${denied}`)))
        return 'must not be at this host'
      if (isOwn(url, own)) return 'must not be at the host of this provider'
      return undefined
    },
  }
}

/** The host of an endpoint as it is looked up: a name without the dot of the root, or an address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

// a developer's machine is one host for everybody; elsewhere no port of ours is a place for a client
function isOwn(url: URL, own: URL): boolean {
  if (hostOf(url) !== hostOf(own)) return false
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(hostOf(own))
  return portOf(url) === portOf(own) || !isLoopback
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'http:' ? 80 : 443
}

function toRanges(entries: readonly string[]): Range[] {
  return entries.map(toRange).filter((range) => range !== undefined)
}
