import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { commands } from '../../lib/cli/commands.js'
import { checkNames } from '../../lib/cli/doctor/checks.js'
import { exitCodes } from '../../lib/cli/failure.js'
import { commonOptions } from '../../lib/cli/options.js'

const page = readFileSync('docs/operate/command-line.md', 'utf8')
const [, ofCommands = '', ofOptions = '', ofCodes = '', ofChecks = ''] = page
  .split(/^(?=\| (?:Command|Option of every command|Code|Check) \|)/m)
  .map((part) => part.split('\n\n')[0])

/** The first cells of the rows of a table. */
const firstCells = (table: string) =>
  [...table.matchAll(/^\| \[?`?([^|`\]]+)`?/gm)].map(([, cell = '']) => cell.trim()).slice(1)

test('the table of commands has every command, with what it needs', () => {
  const synopses = Object.entries(commands).map(([name, { hasId, options }]) => {
    const required = Object.entries(options).filter(([, { isRequired }]) => isRequired)
    return [name, ...(hasId ? ['ID'] : []), ...required.map(([option, { value }]) => `--${option} ${value}`)].join(' ')
  })
  expect(firstCells(ofCommands)).toEqual(synopses)
})

test('the table of options has every option of all commands', () => {
  const synopses = Object.entries(commonOptions).map(([name, { value }]) => `--${name}${value ? ` ${value}` : ''}`)
  expect(firstCells(ofOptions)).toEqual(synopses)
})

test('the table of exit codes has every code', () => {
  expect(firstCells(ofCodes)).toEqual(Object.values(exitCodes).map(String))
})

test('the table of doctor has every check', () => {
  expect(firstCells(ofChecks)).toEqual(checkNames)
})
