import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { display } from '../back_office/display.js'
import { jsonLine } from './json.js'
import { table } from './table.js'

const longestLine = 20_000

/** A line for a terminal, whatever texts of others are in it. */
export const safeLine = (text: string) => display(text, longestLine)

/** Where the program reads and writes: results on stdout, everything else on stderr. */
export interface Terminal {
  /** `--json` */
  readonly isJson: boolean
  /** somebody can be asked */
  readonly isInteractive: boolean
  /** The result: a JSON value with `--json`, else these lines. */
  result(value: unknown, lines: () => string[]): void
  /** A table as wide as the terminal. */
  table(heads: readonly string[], rows: readonly (readonly string[])[]): string[]
  /** One value of many as a line of JSON; waits for a slow reader. */
  line(value: unknown, signal: AbortSignal): Promise<void>
  /** A line for people, beside the result. */
  note(text: string): void
  /** Asks a question; only `y` and `yes` agree. */
  agrees(question: string): Promise<boolean>
  /** A line that the next one replaces. Nothing is written where stderr is no terminal, or stdout is one that gets lines. */
  progress(text: string): void
  /** Ends the line of the progress. */
  endProgress(): void
}

/** The terminal of this process. */
export function terminalOf({ stdin, stdout, stderr }: NodeJS.Process, isJson: boolean): Terminal {
  let isUnderWay = false
  let hasLines = false
  const note = (text: string) => void stderr.write(`${safeLine(text)}\n`)
  return {
    isJson,
    isInteractive: Boolean(stdin.isTTY && stderr.isTTY),
    note,
    result(value, lines) {
      const text = isJson ? jsonLine(value) : lines().map(safeLine).join('\n')
      stdout.write(`${text}\n`)
    },
    table: (heads, rows) => table(heads, rows, stdout.isTTY ? stdout.columns : undefined),
    async line(value, signal) {
      hasLines = true
      if (!stdout.write(`${jsonLine(value)}\n`)) await once(stdout, 'drain', { signal })
    },
    async agrees(question) {
      const lines = createInterface({ input: stdin, output: stderr, terminal: false })
      stderr.write(`${safeLine(question)} [y/N] `)
      // no line follows after Ctrl+D
      const [answer = ''] = await Promise.race([once(lines, 'line'), once(lines, 'close')])
      lines.close()
      return /^y(es)?$/i.test(String(answer).trim())
    },
    progress(text) {
      if (!stderr.isTTY || (hasLines && stdout.isTTY)) return
      isUnderWay = true
      stderr.write(`\r\x1b[K${safeLine(text)}`)
    },
    endProgress() {
      if (isUnderWay) stderr.write('\n')
      isUnderWay = false
    },
  }
}
