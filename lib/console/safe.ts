const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Markup in which every value is escaped. Only the tag `safe` makes it. */
export class SafeHtml {
  // a private field, so that nothing parsed from JSON passes for markup
  readonly #markup: string

  constructor(markup: string) {
    this.#markup = markup
  }

  toString(): string {
    return this.#markup
  }
}

/** A value in a template. Text is escaped; `undefined`, `null` and `false` give nothing. */
export type Part = SafeHtml | string | number | false | null | undefined | readonly Part[]

function markupOf(part: Part): string {
  if (part === undefined || part === null || part === false) return ''
  if (part instanceof SafeHtml) return part.toString()
  if (Array.isArray(part)) return part.map(markupOf).join('')
  return String(part).replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

/**
 * Template tag for markup: it escapes its values, but not those that it made itself. Quote every attribute.
 *
 * ```ts
 * safe`<p title="${title}">${names.map((name) => safe`<b>${name}</b>`)}</p>`
 * ```
 */
export function safe(strings: TemplateStringsArray, ...parts: readonly Part[]): SafeHtml {
  return new SafeHtml(strings.map((text, index) => text + markupOf(parts[index])).join(''))
}
