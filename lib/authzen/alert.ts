import { type Check, callback } from '../deferral/shape.js'
import { warnOfFault } from '../deferral/warnings.js'

/**
 * Called when an operator has to look at something. `facts` name the deferral, if there is one. They contain no secret, unless the
 * message of an error of `authenticate` does. The provider does not wait for this function. If it throws or rejects, problem and error
 * become warnings of the process.
 */
export type Alert = (problem: string, facts: Record<string, string>) => Promise<void> | void

/** An `Alert` whose errors are caught. */
export type SafeAlert = (problem: string, facts: Record<string, string>) => void

/** Checks the option `alert`. */
export const safeAlert: Check<SafeAlert> = (value, at) => {
  if (value === undefined) return warn
  const alert = callback<Alert>()(value, at)
  return (problem, facts) => void attempt(alert, problem, facts)
}

async function attempt(alert: Alert, problem: string, facts: Record<string, string>): Promise<void> {
  try {
    await alert(problem, facts)
  } catch (error) {
    warn(problem, facts)
    warnOfFault('authzen: alert', error)
  }
}

function warn(problem: string, facts: Record<string, string>): void {
  const details = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
  process.emitWarning([`authzen: ${problem}`, ...details].join(', '))
}
