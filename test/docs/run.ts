/* Runs the programs of a page, as a reader does in several terminals. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Compiled } from './compile.js'
import type { Program } from './programs.js'
import { approve, browse } from './reader.js'

interface Running {
  program: Program
  process: ChildProcess
  exited: Promise<unknown>
  printed: string
  complaints: string
  /** what the program asked the reader to do, and the reader did */
  opened?: boolean
  pressed?: boolean
}

/** What went wrong; nothing, if every program printed what the page says. */
export async function run(programs: Program[], compiled: Compiled): Promise<string[]> {
  const all: Running[] = []
  try {
    for (const program of programs.filter(({ run }) => run)) {
      const running = start(program, compiled, () => obey(all))
      all.push(running)
      await (program.run === 'server' ? firstLine(running) : running.exited)
    }
  } finally {
    for (const { program, process } of all) if (program.run === 'server') process.kill()
  }
  await Promise.all(all.map(({ exited }) => exited))
  return all.flatMap((running) => faultsOf(running, compiled))
}

function start(program: Program, compiled: Compiled, printed: () => void): Running {
  const { DEFERRED_TEST_MONGODB_URI: uri } = process.env
  const env = { PATH: process.env.PATH, ...(uri && { MONGODB_URI: uri }) }
  const child = spawn(process.execPath, [compiled.pathOf(program)], { env, timeout: 60_000 })
  const running: Running = { program, process: child, exited: once(child, 'close'), printed: '', complaints: '' }
  child.stdout.on('data', (data) => {
    running.printed += data
    printed()
  })
  child.stderr.on('data', (data) => {
    running.complaints += data
  })
  child.stdin.on('error', () => undefined)
  return running
}

async function firstLine({ process, exited }: Running): Promise<void> {
  await Promise.race([once(process.stdout!, 'data'), exited])
}

/**
 * Opens the address that a program prints. Decides where it asks for that, once a client has heard that it has to wait: at the console,
 * or with Enter.
 */
function obey(all: Running[]): void {
  const isWaiting = all.some(({ printed }) => printed.includes('pending'))
  for (const running of all) {
    const [, url] = /^Open (http:\S+)\n/m.exec(running.printed) ?? []
    if (url && !running.opened) {
      running.opened = true
      browse(url).catch((error) => {
        running.complaints += error.stack
      })
    }
    const [, console] = /Decide at (http:\S+)\n/.exec(running.printed) ?? []
    if (isWaiting && console && !running.pressed) {
      running.pressed = true
      approve(console).catch((error) => {
        running.complaints += error.stack
      })
    }
    if (isWaiting && !running.pressed && running.printed.includes('Press Enter')) {
      running.pressed = true
      running.process.stdin?.write('\n')
    }
  }
}

function faultsOf({ program, process, printed, complaints }: Running, { withPorts }: Compiled): string[] {
  const { place, run, output } = program
  if (run === 'once' && process.exitCode !== 0) return [`${place}: ended with ${process.exitCode}\n${complaints}`]
  if (run === 'server' && process.exitCode !== null) return [`${place}: did not keep running\n${complaints}`]
  if (output === undefined) return run === 'once' ? [`${place}: no text block says what it prints`] : []
  const expected = withPorts(output)
  return isPrinted(printed, expected) ? [] : [`${place}: printed\n${printed}\nand not\n${expected}\n${complaints}`]
}

/** Whether a program printed this: `...` is anything within a line, a line of it any number of lines. */
export function isPrinted(printed: string, expected: string): boolean {
  const lines = expected.trimEnd().split('\n')
  const patterns = lines.map((line) => (line === '...' ? '(?:.*\\n)*?' : `${patternOf(line)}\\n`))
  return new RegExp(`^${patterns.join('')}$`).test(`${printed.trimEnd()}\n`)
}

function patternOf(line: string): string {
  const literal = line.trimEnd().split('...')
  return literal.map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.*')
}
