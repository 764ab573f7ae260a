/** Markup that is safe to send: everything interpolated into it has been escaped. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | false | undefined | readonly Part[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string' || typeof part === 'number') {
    return String(part).replace(/[&<>"']/g, (character) => entities[character]!)
  }
  return 'markup' in part ? part.markup : part.map(render).join('')
}

/** Template tag: escapes every value except other `html` results; `undefined` and `false` render as nothing. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return { markup: strings.reduce((markup, text, index) => markup + render(parts[index - 1]) + text) }
}
