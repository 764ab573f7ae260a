import type { Deployment } from './deployment.js'
import type { Terminal } from './terminal.js'
import type { Values } from './values.js'

/** An option of a command. */
export interface Option {
  /** the word in the usage; without it the option is a flag */
  value?: string
  isRequired?: true
  /** what the value is, if it is not any text */
  kind?: 'number' | 'date'
  /** may be given several times */
  isList?: true
  says: string
}

/** What a command works with. */
export interface Call {
  /** empty for commands without an ID */
  id: string
  values: Values
  deployment: Deployment
  terminal: Terminal
}

/** A command of the program. */
export interface Command {
  says: string
  /** the ID of a deferral follows */
  hasId?: true
  /** asks before it does it, unless `--yes` */
  asks?: true
  options: Readonly<Record<string, Option>>
  /** Resolves to the exit code. */
  run(call: Call): Promise<number>
}
