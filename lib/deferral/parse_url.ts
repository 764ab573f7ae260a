/** Parses a URL. On Node.js 20 and 22 `URL.canParse` refuses Latin-1 letters after some thousand calls. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
