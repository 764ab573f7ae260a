import { type Check, callback } from '../deferral/shape.js'
import { warnOfFault } from '../deferral/warnings.js'

/**
 * Something that an operator has to look at. `facts` name the deferral where there is one. They contain no secret, unless an error of
 * `authenticate` has one in its message. Nobody waits for it. If it throws or rejects, the alert becomes a warning of the process, and so
 * does its error.
 */
export type Alert = (problem: string, facts: Record<string, string>) => Promise<void> | void

/** Alerts, and never throws or rejects. */
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
