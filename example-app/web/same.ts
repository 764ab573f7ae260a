import { hash, timingSafeEqual } from 'node:crypto'

const digest = (text: string) => hash('sha256', text, 'buffer')

/** Compares two secrets in constant time. */
export function same(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right))
}
