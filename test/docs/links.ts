/* The links of README.md and docs/ that lead into the repository. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import type { Page } from './pages.js'

const link = /\]\(([^)\s]+)\)|\b(?:src|href)="([^"]+)"/g

/** The links of a page that lead nowhere, or out of the package. */
export function brokenLinks({ path, text }: Page, packed: string[]): string[] {
  const targets = [...prose(text).matchAll(link)].map(([, markdown, html]) => markdown ?? html ?? '')
  return targets.flatMap((target) => {
    if (/^(?:https?|mailto):/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const fault = faultOf(normalize(join(dirname(path), file || relative(dirname(path), path))), anchor, packed)
    return fault ? [`${path}: ${target}: ${fault}`] : []
  })
}

function faultOf(file: string, anchor: string | undefined, packed: string[]): string | undefined {
  if (!existsSync(file)) return 'there is no such file'
  if (!packed.some((path) => file === path || file.startsWith(`${path}/`))) return 'is not in the package'
  if (anchor === undefined) return undefined
  const headings = statSync(file).isFile() ? headingsOf(readFileSync(file, 'utf8')) : []
  return headings.includes(anchor) ? undefined : 'there is no such heading'
}

/** The anchors of a page, as GitHub makes them. */
export function headingsOf(text: string): string[] {
  const seen = new Map<string, number>()
  return [...prose(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times ? `${anchor}-${times}` : anchor
  })
}

// without the code in it
function prose(text: string): string {
  return text.replace(/^( *)(`{3,})[^\n]*\n[\s\S]*?\n\1\2$/gm, '')
}
