import { display } from '../back_office/display.js'
import { cut, padded, widthOf } from './width.js'

const gap = '  '
const narrowest = 12

/** Aligned columns below their heads. The last column is cut to `width`, the width of the terminal; without it nothing is cut. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[], width = Infinity): string[] {
  const lines = [heads, ...rows.map((row) => row.map((cell) => display(cell)))]
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))))
  const last = heads.length - 1
  const used = widths.slice(0, last).reduce((sum, each) => sum + each + gap.length, 0)
  const left = Math.max(narrowest, width - used)
  return lines.map((line) =>
    heads
      .map((_, column) =>
        column === last ? cut(line[last] ?? '', left) : padded(line[column] ?? '', widths[column] ?? 0),
      )
      .join(gap)
      .trimEnd(),
  )
}
