import type { Call, Command } from './command.js'
import { exitCodes, Failure } from './failure.js'
import type { Terminal } from './terminal.js'
import type { Values } from './values.js'

/** Throws a `Failure` if the command has to ask, and nobody can be asked. */
export function assertAnswerable(name: string, command: Command, values: Values, terminal: Terminal): void {
  if (!command.asks || values.flag('yes') || terminal.isInteractive) return
  throw new Failure(exitCodes.usage, `${name} asks before it does it, give --yes where nobody can be asked`)
}

/** Whether somebody agrees, now or with `--yes`. */
export async function isConfirmed({ values, terminal }: Call, question: string): Promise<boolean> {
  if (values.flag('yes') || (await terminal.agrees(question))) return true
  terminal.note('nothing was changed')
  return false
}
