import type { Visit } from './desk.js'
import { display, quoted } from './display.js'
import { report } from './faults.js'
import type { SafeHtml } from './safe.js'

const most = 3

function labelOf({ ctx, desk }: Visit, name: string): string {
  try {
    return desk.options.texts?.scope?.(name)?.label ?? display(name, 40)
  } catch (error) {
    report(ctx, error)
    return display(name, 40)
  }
}

/** The first rights that a request asks for, in one line; a scope as it is, if the integrator's code fails at it. */
export function rightsIn(visit: Visit, scope: readonly string[]): SafeHtml {
  const words = scope.slice(0, most).map((name) => labelOf(visit, name))
  return quoted(words.join(', ') + (scope.length > most ? ' ...' : ''))
}
