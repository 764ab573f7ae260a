import { parseArgs } from 'node:util'
import type { Command, Option } from './command.js'
import { optionsOf } from './options.js'
import { type Values, valuesOf, wrong } from './values.js'

/** The parsed command line. */
export interface Arguments {
  name: string
  command: Command
  id: string
  values: Values
}

/** Parses the command line. A `Failure` says what is wrong with it. */
export function parse(args: readonly string[], commands: Readonly<Record<string, Command>>): Arguments {
  const { values, positionals } = parseAll(args, commands)
  const [name = '', id, ...others] = positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw wrong(name ? `${name} is not a command` : 'no command was given')
  const options = optionsOf(command)
  const foreign = Object.keys(values).find((option) => !Object.hasOwn(options, option))
  if (foreign) throw wrong(`--${foreign} is not an option of ${name}`)
  if (command.hasId && id === undefined) throw wrong(`${name} needs the ID of a deferral`)
  const [extra] = command.hasId ? others : positionals.slice(1)
  if (extra !== undefined) throw wrong(`${extra} is one argument too many`)
  const checked = valuesOf(values)
  for (const [option, { isRequired, kind }] of Object.entries(options)) {
    if (isRequired && values[option] === undefined) throw wrong(`${name} needs the option --${option}`)
    if (kind) checked[kind](option)
  }
  return { name, command, id: id ?? '', values: checked }
}

function parseAll(args: readonly string[], commands: Readonly<Record<string, Command>>) {
  const all = Object.assign({}, ...Object.values(commands).map(optionsOf)) as Record<string, Option>
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { value, isList = false }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), multiple: isList },
    ]),
  )
  // an ID may begin with a hyphen
  const ids = args.filter(isHyphenatedId)
  const rest = args.filter((each) => !isHyphenatedId(each))
  const separator = ids.length && !rest.includes('--') ? ['--'] : []
  try {
    return parseArgs({ args: [...rest, ...separator, ...ids], options, allowPositionals: true })
  } catch (error) {
    const [message = ''] = (error as Error).message.split(/\. |\n/)
    throw wrong(message)
  }
}

const isHyphenatedId = (each: string) => /^-[\w-]{21}$/.test(each)
