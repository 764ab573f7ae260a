import type { Visit } from './desk.js'
import { display, quoted } from './display.js'
import { orReportSync } from './faults.js'
import type { SafeHtml } from './safe.js'

const most = 3

function labelOf({ ctx, desk }: Visit, name: string): string {
  const preset = display(name, 40)
  return orReportSync(ctx, () => desk.options.texts?.scope?.(name)?.label ?? preset, preset)
}

/** The first rights that a request asks for, in one line; a scope as it is, if the integrator's code fails at it. */
export function rightsIn(visit: Visit, scope: readonly string[]): SafeHtml {
  const words = scope.slice(0, most).map((name) => labelOf(visit, name))
  return quoted(words.join(', ') + (scope.length > most ? ' ...' : ''))
}
