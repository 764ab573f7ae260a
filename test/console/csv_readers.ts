const quote = '"'

/**
 * Reads CSV with this delimiter, as Python's csv module does by default: a quote counts only at the beginning of a cell, and text
 * may follow the closing one.
 */
export function readCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell: string | undefined
  let isQuoted = false
  const endRow = () => {
    if (cell !== undefined || row.length > 0) rows.push([...row, cell ?? ''])
    row = []
    cell = undefined
  }
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (isQuoted && character === quote) {
      // two quotes are one
      if (text[at + 1] === quote) {
        cell += quote
        at += 1
      } else isQuoted = false
    } else if (isQuoted) cell += character
    else if (character === quote && cell === undefined) {
      cell = ''
      isQuoted = true
    } else if (character === delimiter) {
      row.push(cell ?? '')
      cell = undefined
    } else if (character === '\r' || character === '\n') endRow()
    else cell = (cell ?? '') + character
  }
  endRow()
  return rows
}
