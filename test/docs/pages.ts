/* README.md and docs/: the pages, and the code blocks in them. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Page {
  /** path in the repository */
  path: string
  text: string
}

export interface Block {
  page: string
  /** line of the opening fence, from 1 */
  line: number
  language: string
  /** the words after the language, up to `unchecked:` */
  words: string[]
  /** why it is not checked */
  reason?: string
  code: string
}

/** README.md and every page below docs. */
export function readPages(): Page[] {
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'))
  const paths = ['README.md', ...docs.map((path) => `docs/${path}`).sort()]
  return paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

const opening = /^( *)(`{3,})(\S*) *(.*)$/

/** The fenced blocks of a page. A block in a list is indented as the list is. */
export function blocksOf({ path, text }: Page): Block[] {
  const lines = text.split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, indentation = '', fence, language = '', info = ''] = opening.exec(lines[at]!) ?? []
    if (!fence) continue
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence)
    if (end < 0) throw new Error(`${path}:${at + 1}: this block does not end`)
    const code = lines.slice(at + 1, end).map((line) => line.replace(new RegExp(`^${indentation}`), ''))
    const [words = '', reason] = info.split(/(?:^| )unchecked: */)
    blocks.push({
      page: path,
      line: at + 1,
      language,
      words: words.split(' ').filter(Boolean),
      ...(reason !== undefined && { reason }),
      code: code.join('\n'),
    })
    at = end
  }
  return blocks
}

/** The place of a block, as a message names it. */
export const placeOf = ({ page, line }: Block) => `${page}:${line}`
