/* The TypeScript and JavaScript of a page, as files for the compiler and for Node.js. */
import { type Block, blocksOf, type Page, placeOf } from './pages.js'

export interface Program {
  page: string
  /** path without the page's folder, as it is written, `provider.ts` say */
  file: string
  code: string
  run?: 'once' | 'server'
  /** what it prints */
  output?: string
  place: string
}

const languages = ['ts', 'js']
const words = ['continues', 'commonjs', 'runnable', 'server']
const nameComment = /^\/\/ ([\w-]+\.[cm]?[jt]s)$/

/** Whether the compiler reads a block. */
export const isProgram = ({ language, words: [first], reason }: Block) =>
  languages.includes(language) && first !== 'same-as' && reason === undefined

/** The programs of a page. Every line of code stands at the line that it has on the page. */
export function programsOf(page: Page): Program[] {
  const programs: Program[] = []
  let last: Block | undefined
  for (const block of blocksOf(page)) {
    if (isProgram(block)) {
      const unknown = block.words.find((word) => !words.includes(word))
      if (unknown) throw new Error(`${placeOf(block)}: ${unknown} is no word of the rule`)
      if (block.words.includes('continues')) append(programs.at(-1), block)
      else programs.push({ page: page.path, file: fileOf(block), code: padded('', block), place: placeOf(block) })
      const run = block.words.includes('runnable') && (block.words.includes('server') ? 'server' : 'once')
      if (run) Object.assign(programs.at(-1)!, { run })
    } else if (isOutput(block, last)) Object.assign(programs.at(-1)!, { output: block.code })
    last = block
  }
  return programs
}

/** Whether a block is the output of the block before it. */
export const isOutput = ({ language, reason }: Block, before: Block | undefined) =>
  language === 'text' && reason === undefined && before?.words.includes('runnable') === true

function append(program: Program | undefined, block: Block): void {
  if (!program) throw new Error(`${placeOf(block)}: continues nothing`)
  program.code = padded(program.code, block)
}

function padded(code: string, { line, code: more }: Block): string {
  return code + '\n'.repeat(line - code.split('\n').length + 1) + more
}

function fileOf({ language, words, line, code }: Block): string {
  const name = nameComment.exec(code.split('\n')[0]!)?.[1]
  return name ?? `line${line}.${words.includes('commonjs') ? 'c' : ''}${language}`
}
