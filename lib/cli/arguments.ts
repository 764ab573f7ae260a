import { parseArgs } from 'node:util'
import type { Command, Option, Values } from './command.js'
import { exitCodes, Failure } from './failure.js'
import { optionsOf } from './options.js'

/** The parsed command line. */
export interface Arguments {
  name: string
  command: Command
  id: string
  values: Values
}

type Given = Record<string, string | boolean | (string | boolean)[] | undefined>

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

function valuesOf(given: Given): Values {
  const texts = (name: string) => {
    const value = given[name]
    return value === undefined ? undefined : [value].flat().map(String)
  }
  const text = (name: string) => texts(name)?.at(-1)
  return {
    text,
    texts,
    // the command line was refused without it
    needed: (name) => text(name) ?? '',
    flag: (name) => given[name] === true,
    number(name) {
      const value = text(name)
      if (value !== undefined && !/^\d{1,15}$/.test(value)) throw wrong(`--${name} must be a whole number`)
      return value === undefined ? undefined : Number(value)
    },
    date(name) {
      const value = text(name)
      if (value === undefined) return undefined
      const date = new Date(value)
      const isDate = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(value) && Number.isFinite(date.getTime())
      if (!isDate) throw wrong(`--${name} must be a date such as 2026-01-31 or 2026-01-31T09:00:00Z`)
      return date
    },
  }
}

function wrong(message: string): Failure {
  return new Failure(exitCodes.usage, message)
}
