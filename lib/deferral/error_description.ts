import type { Progress } from './deferral.js'

const longest = 256

/** A reviewer's text in the characters that `error_description` allows: printable ASCII without `"` and `\` (RFC 6749, section 5.2). */
export function sanitise(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\s+/g, ' ')
    .replace(/["\u2018\u2019\u201c\u201d]/g, "'")
    .replace(/[^\x20-\x5b\x5d-\x7e]/g, '')
    .trim()
    .slice(0, longest)
}

/**
 * Progress as text for `error_description`, without absent parts. A step cannot contain the characters that separate the parts.
 */
export function progressText({ step, position, estimate }: Progress): string {
  const name = sanitise(step).replaceAll(';', ',').replaceAll('=', ':')
  const parts = name ? [`step=${name}`] : []
  if (position !== undefined) parts.push(`position=${position}`)
  if (estimate !== undefined) parts.push(`estimate=${estimate}`)
  return parts.join('; ')
}
