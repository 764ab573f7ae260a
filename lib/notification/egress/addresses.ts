/*
 * Which addresses a notification may reach. The client chooses the endpoint, so only the public internet is allowed, unless the
 * operator's options say otherwise (I-123, I-124; E-22).
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { type Block, ipv4Blocks, ipv6Blocks, ipv6GlobalUnicast } from './special_purpose_addresses.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A range of addresses. */
export type Range = [Address, number]

// a reachable block inside an unreachable one is refused as well: no web server belongs there
const unreachable = [...ipv4Blocks, ...ipv6Blocks].filter(([, , isGlobal]: Block) => !isGlobal).map(([block]) => block)
const special = unreachable.map((block) => ipaddr.parseCIDR(block))
const global = ipaddr.parseCIDR(ipv6GlobalUnicast)

/** Parses a range such as `10.0.0.0/8`, or an address. `undefined`: neither, or an IPv4-mapped IPv6 address. */
export function toRange(text: string): Range | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  // the library would accept 010.1 and fe80::1%eth0
  if (!isIP(address) || address.includes('%') || rest.length > 0) return undefined
  const parsed = ipaddr.parse(address)
  if (isMapped(parsed)) return undefined
  const length = parsed.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [parsed, length]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= length ? [parsed, Number(bits)] : undefined
}

/** Whether a text is an address of the public internet. An address with a zone is not. */
export function isPublic(text: string): boolean {
  const address = toAddress(text)
  if (!address || special.some((range) => contains(range, address))) return false
  return address.kind() === 'ipv4' || contains(global, address)
}

/**
 * Whether an address may be reached. The narrowest range that contains it decides; of two equal ranges `deny` wins. An address in
 * no range must be public. An IPv4-mapped IPv6 address may never be reached.
 */
export function isReachable(text: string, { allow, deny }: { allow: Range[]; deny: Range[] }): boolean {
  const address = toAddress(text)
  if (!address) return false
  const allowed = narrowest(allow, address)
  const denied = narrowest(deny, address)
  if (allowed > denied) return true
  return denied < 0 && isPublic(text)
}

/** The one normal form of an address. `undefined`: the text is not an address. */
export function canonical(text: string): string | undefined {
  return isIP(text) ? ipaddr.process(text).toString() : undefined
}

function toAddress(text: string): Address | undefined {
  const range = text.includes('/') ? undefined : toRange(text)
  return range?.[0]
}

function isMapped(address: Address): boolean {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
}

function narrowest(ranges: Range[], address: Address): number {
  return Math.max(-1, ...ranges.filter((range) => contains(range, address)).map(([, bits]) => bits))
}

function contains([base, bits]: Range, address: Address): boolean {
  return base.kind() === address.kind() && address.match(base as never, bits)
}
