import { isSafeHtml, type SafeHtml, html as template } from '@remix-run/html-template'

/** Markup that is safe to send: every value in it is escaped. */
export type Html = SafeHtml

type Part = Html | string | number | false | undefined | readonly Part[]
type Value = Parameters<typeof template>[1]

/** The library writes `false` as a word. We want it to write nothing. */
function withoutFalse(part: Part): Value {
  if (part === false) return undefined
  return typeof part !== 'object' || isSafeHtml(part) ? part : part.map(withoutFalse)
}

/** Template tag that escapes its values. `undefined` and `false` give nothing, so `condition && html` works. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return template(strings, ...parts.map(withoutFalse))
}
