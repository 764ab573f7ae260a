/**
 * Whether this is an absolute URL. In Node.js 20 and 22 `URL.canParse` says no to `https://bücher.example/` as soon as V8 has
 * optimized it, after some thousand calls.
 */
export function isUrl(text: string): boolean {
  try {
    return new URL(text).href !== ''
  } catch {
    return false
  }
}
