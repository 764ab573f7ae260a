/*
 * Which addresses a notification may reach. A client chooses where it is sent, so nothing but the public internet, unless the
 * operator says otherwise (I-123, I-124; E-22).
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { type Block, ipv4Blocks, ipv6Blocks, ipv6GlobalUnicast } from './special_purpose_addresses.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A range of addresses. */
export type Range = [Address, number]

// a block within one that is not reachable is not asked about: none of them is a place for a web server
const unreachable = [...ipv4Blocks, ...ipv6Blocks].filter(([, , isGlobal]: Block) => !isGlobal).map(([block]) => block)
const special = unreachable.map((block) => ipaddr.parseCIDR(block))
const global = ipaddr.parseCIDR(ipv6GlobalUnicast)

/** Reads `10.0.0.0/8`, or a single address; `undefined` if it is neither, or IPv4 in the guise of IPv6. */
export function toRange(text: string): Range | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  // the library alone would take 010.1 and fe80::1%eth0
  if (!isIP(address) || address.includes('%') || rest.length > 0) return undefined
  const parsed = ipaddr.parse(address)
  if (isMapped(parsed)) return undefined
  const length = parsed.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return [parsed, length]
  return /^\d{1,3}$/.test(bits) && Number(bits) <= length ? [parsed, Number(bits)] : undefined
}

/** Whether an address belongs to the public internet. What is no address, or carries a zone, does not. */
export function isPublic(text: string): boolean {
  const address = toAddress(text)
  if (!address || special.some((range) => contains(range, address))) return false
  return address.kind() === 'ipv4' || contains(global, address)
}

/**
 * Whether an address may be reached. Of the ranges that hold it the narrowest decides, `deny` where both are equal; outside all of
 * them it has to be public. An IPv4 address in the guise of IPv6 never may.
 */
export function isReachable(text: string, { allow, deny }: { allow: Range[]; deny: Range[] }): boolean {
  const address = toAddress(text)
  if (!address) return false
  const allowed = narrowest(allow, address)
  const denied = narrowest(deny, address)
  if (allowed > denied) return true
  return denied < 0 && isPublic(text)
}

/** The same address, however it is written; `undefined`: none. */
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
