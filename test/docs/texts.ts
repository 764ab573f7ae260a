/** The string and template literals of a source, in order; each `${...}` is `\0`. Comments and regular expressions are skipped. */
export function textsOf(source: string): string[] {
  const texts: string[] = []
  let at = 0

  function indexOf(end: string): number {
    const found = source.indexOf(end, at)
    return found < 0 ? source.length : found
  }

  function character(): string {
    if (source[at] === '\\') at++
    return source[at++] ?? ''
  }

  function string(quote: string): void {
    let text = ''
    while (source[at] !== quote) text += character()
    at++
    texts.push(text)
  }

  function template(): void {
    let text = ''
    while (source[at] !== '`') {
      if (source.startsWith('${', at)) {
        at += 2
        code('}')
        text += '\0'
      } else text += character()
    }
    at++
    texts.push(text)
  }

  function skipRegExp(): void {
    for (let isInClass = false; source[at] !== '/' || isInClass; at++) {
      if (source[at] === '\\') at++
      else if (source[at] === '[') isInClass = true
      else if (source[at] === ']') isInClass = false
    }
    at++
  }

  function afterSlash(): void {
    if (source[at] === '/') at = indexOf('\n')
    else if (source[at] === '*') at = indexOf('*/') + 2
    // a division has an operand before it
    else if (/([(,=:[!&|?{};]|return)\s*$/.test(source.slice(Math.max(0, at - 20), at - 1))) skipRegExp()
  }

  function code(end?: string): void {
    while (at < source.length) {
      const next = source[at++]
      if (next === end) return
      if (next === '{') code('}')
      else if (next === '`') template()
      else if (next === "'" || next === '"') string(next)
      else if (next === '/') afterSlash()
    }
  }

  code()
  return texts
}
