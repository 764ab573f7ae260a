/* The blocks that no compiler reads: shell, JSON, HTTP, and code that stands in a file of the repository. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { parse } from '../../lib/cli/arguments.js'
import { commands } from '../../lib/cli/commands.js'
import { type Block, placeOf } from './pages.js'
import { isOutput, isProgram } from './programs.js'

const checks: Record<string, (code: string) => string | undefined> = {
  sh: shellFault,
  json: jsonFault,
  http: httpFault,
}

/** What is wrong with the blocks of a page that are no programs. */
export function faultsOf(blocks: Block[]): string[] {
  return blocks.flatMap((block, index) => {
    if (isProgram(block) || isOutput(block, blocks[index - 1])) return []
    const fault = faultOf(block)
    return fault ? [`${placeOf(block)}: ${fault}`] : []
  })
}

function faultOf({ language, words, reason, code }: Block): string | undefined {
  if (reason !== undefined) return /\w+ \w+/.test(reason) ? undefined : 'the reason after unchecked: is missing'
  const [word, path] = words
  if (word === 'same-as') return sameAsFault(code, path ?? '')
  if (word) return `${word} is no word of the rule`
  const check = Object.hasOwn(checks, language) ? checks[language] : undefined
  return check ? check(code) : `a block of "${language}" cannot be checked: say why, with unchecked:`
}

function shellFault(code: string): string | undefined {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' })
  if (status !== 0) return stderr
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const missing = [...code.matchAll(/\bnpm run ([\w:-]+)/g)].find(([, name = '']) => !Object.hasOwn(scripts, name))
  return missing ? `there is no script ${missing[1]}` : code.split('\n').map(commandFault).find(Boolean)
}

const word = /"([^"]*)"|'([^']*)'|[^\s|>]+/g

/** What the program says about its arguments; `ID`s and values are read as they stand. */
function commandFault(line: string): string | undefined {
  const [, rest] = /\bnpx oidc-provider-deferred ([^|>]*)/.exec(line) ?? []
  if (rest === undefined) return undefined
  try {
    parse(
      [...rest.matchAll(word)].map(([whole, double, single]) => double ?? single ?? whole),
      commands,
    )
    return undefined
  } catch (error) {
    return String(error)
  }
}

function jsonFault(code: string): string | undefined {
  try {
    JSON.parse(code)
    return undefined
  } catch (error) {
    return String(error)
  }
}

const startLine = /^(?:(?:GET|POST) \S+(?: HTTP\/1\.1)?|HTTP\/1\.1 \d{3}(?: .+)?)$/
const header = /^[A-Za-z-]+: .+$/
const form = /^[\w.-]+=[^\s&]*(?:&[\w.-]+=[^\s&]*)*$/

/** One message or more: a start line, headers, and after an empty line a body of JSON or a form. */
function httpFault(code: string): string | undefined {
  const messages = code.split(/\n(?=(?:GET|POST) |HTTP\/1\.1 )/)
  return messages.map(messageFault).find(Boolean)
}

function messageFault(message: string): string | undefined {
  const [head = '', ...rest] = message.trim().split('\n\n')
  const [first = '', ...headers] = head.split('\n')
  if (!startLine.test(first)) return `${first}: neither a request line nor a status line`
  const wrong = headers.find((line) => !header.test(line))
  if (wrong) return `${wrong}: not a header`
  const body = rest.join('\n\n')
  return body === '' || form.test(body.replace(/\n\s*/g, '')) ? undefined : jsonFault(body)
}

function sameAsFault(code: string, path: string): string | undefined {
  if (!existsSync(path)) return `there is no file ${path}`
  const [block, lines] = [code.split('\n'), readFileSync(path, 'utf8').split('\n')]
  const wanted = dedented(block)
  const stands = lines.some((_, at) => dedented(lines.slice(at, at + block.length)) === wanted)
  return stands ? undefined : `does not stand in ${path}`
}

function dedented(lines: string[]): string {
  const indentations = lines.filter((line) => line.trim()).map((line) => line.search(/\S/))
  const least = Math.min(...indentations)
  return lines.map((line) => line.slice(least).trimEnd()).join('\n')
}
