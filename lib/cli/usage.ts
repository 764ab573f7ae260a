import type { Command, Option } from './command.js'
import { commonOptions, optionsOf } from './options.js'
import { table } from './table.js'

const program = 'npx oidc-provider-deferred'

/** What the program can do. */
export function usage(commands: Readonly<Record<string, Command>>): string {
  const rows = Object.entries(commands).map(([name, command]) => [`  ${synopsis(name, command)}`, command.says])
  const lines = [
    `Usage: ${program} COMMAND [options]`,
    '',
    ...table(['Commands', ''], rows),
    '',
    ...optionLines('Options of every command', commonOptions),
    '',
    `${program} COMMAND --help has the options of a command.`,
    'Exit codes: 0 done, 1 nothing changed or something found, 2 wrong usage, 3 no such deferral, 4 database, 5 unexpected.',
  ]
  return `${lines.join('\n')}\n`
}

/** What one command can do. */
export function usageOf(name: string, command: Command): string {
  const lines = [
    `Usage: ${program} ${synopsis(name, command)} [options]`,
    '',
    command.says,
    '',
    ...optionLines('Options', optionsOf(command)),
  ]
  return `${lines.join('\n')}\n`
}

function synopsis(name: string, { hasId, options }: Command): string {
  const required = Object.entries(options).filter(([, { isRequired }]) => isRequired)
  return [name, ...(hasId ? ['ID'] : []), ...required.map(([option, { value }]) => `--${option} ${value}`)].join(' ')
}

function optionLines(head: string, options: Readonly<Record<string, Option>>): string[] {
  const rows = Object.entries(options).map(([name, { value, says }]) => [
    `  --${name}${value ? ` ${value}` : ''}`,
    says,
  ])
  return table([head, ''], rows)
}
