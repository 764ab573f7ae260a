const window = 16

/** Where something was found that must not be there. */
export interface Hit {
  secret: string
  form: string
}

/** Every way a secret may have been written down. */
export function forms(secret: string): Map<string, string> {
  const bytes = Buffer.from(secret)
  const decoded = Buffer.from(secret, 'base64url')
  const written = new Map([
    ['plain', secret],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ['decoded', decoded.toString('latin1')],
    ['decoded hex', decoded.toString('hex')],
  ])
  // inside a longer text that was encoded as a whole, a secret shows up in one of three alignments
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes])
    for (const encoding of ['base64', 'base64url'] as const) {
      const inner = shifted.toString(encoding).replace(/=+$/, '')
      written.set(`${encoding} + ${before}`, inner.slice(before ? 4 : 0, -3))
    }
  }
  return written
}

/** Looks for all the secrets at once in any number of texts. */
export function finder(secrets: Iterable<string>): (text: string) => Hit[] {
  const needles = new Map<string, (Hit & { needle: string })[]>()
  for (const secret of new Set(secrets)) {
    for (const [form, needle] of forms(secret)) {
      if (needle.length < window) throw new Error('too short to look for')
      const start = needle.slice(0, window)
      needles.set(start, [...(needles.get(start) ?? []), { secret, form, needle }])
    }
  }
  return (text) => {
    const hits: Hit[] = []
    for (let at = 0; at + window <= text.length; at++) {
      const candidates = needles.get(text.slice(at, at + window))
      for (const { needle, secret, form } of candidates ?? []) {
        if (text.startsWith(needle, at)) hits.push({ secret, form })
      }
    }
    return hits
  }
}
