import type { Desk } from './desk.js'
import { display, quoted } from './display.js'
import type { SafeHtml } from './safe.js'

const most = 3

/** The first rights that a request asks for, in one line. */
export function rightsIn({ options }: Desk, scope: readonly string[]): SafeHtml {
  const words = scope.slice(0, most).map((name) => options.texts?.scope?.(name)?.label ?? display(name, 40))
  return quoted(words.join(', ') + (scope.length > most ? ' ...' : ''))
}
