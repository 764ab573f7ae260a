import type { RequestView } from '../request_view.js'
import { statusOf } from '../words.js'

const openKeys = [
  ['a', 'approve'],
  ['r', 'refuse'],
  ['t', 'take it'],
  ['c', 'comment'],
  ['n', 'next request'],
  ['u', 'back to the queue'],
] as const
const closedKeys = [
  ['n', 'next request'],
  ['u', 'back to the queue'],
] as const

/** The keys that do something on the page of this request. */
export function keysOf({ deferral, obstacle }: RequestView): readonly (readonly [key: string, meaning: string])[] {
  if (statusOf(deferral) !== 'pending') return closedKeys
  return openKeys.filter(([key]) => obstacle === undefined || (key !== 'a' && key !== 'r'))
}
