import type { Command } from '../command.js'
import { findingsOf } from '../doctor/checks.js'
import type { Finding } from '../doctor/finding.js'
import { exitCodes } from '../failure.js'
import { padded } from '../width.js'

const nameWidth = 15

/** Looks at a deployment. */
export const doctor: Command = {
  says: 'look at a deployment, and say what to do',
  options: {
    'key-env': {
      value: 'NAME',
      isList: true,
      says: 'environment variable with a key of the nodes, to compare with what is sealed; repeatable',
    },
  },
  async run(call) {
    const checks = await findingsOf(call)
    const findings = checks.filter(({ isOk }) => !isOk)
    call.terminal.result({ healthy: findings.length === 0, checks }, () => [
      ...checks.flatMap(linesOf),
      findings.length === 1 ? '1 finding' : `${findings.length} findings`,
    ])
    return findings.length ? exitCodes.unchanged : exitCodes.done
  },
}

function linesOf({ check, isOk, says, remedy }: Finding): string[] {
  const lines = [padded(isOk ? 'ok' : 'FINDING', 9) + padded(check, nameWidth) + says]
  return remedy === undefined ? lines : [...lines, ' '.repeat(9 + nameWidth) + remedy]
}
