import type { Reviewed } from '../../index.js'
import { namesOf } from '../words.js'

type Cell = string | number | boolean | Date | object | undefined

/** The columns: name and value. */
const columns: Readonly<Record<string, (deferral: Reviewed) => Cell>> = {
  id: ({ id }) => id,
  status: ({ status }) => status,
  expired: ({ expired }) => expired,
  profile: ({ profile }) => profile,
  grantType: ({ grantType }) => grantType,
  clientId: ({ clientId }) => clientId,
  accountId: ({ accountId }) => accountId,
  queue: ({ queue }) => queue,
  title: ({ title }) => title,
  scope: ({ scope }) => scope.join(' '),
  resource: ({ resource }) => resource.join(' '),
  authorizationDetails: ({ authorizationDetails }) => authorizationDetails,
  createdAt: ({ createdAt }) => createdAt,
  dueAt: ({ dueAt }) => dueAt,
  expiresAt: ({ expiresAt }) => expiresAt,
  decidedAt: ({ decision }) => decision?.at,
  decidedBy: ({ decision }) => namesOf(decision?.by).join(', '),
  description: ({ decision }) => decision?.description,
  note: ({ decision }) => decision?.note,
  cancelledAt: ({ cancelledAt }) => cancelledAt,
  cancelledBy: ({ cancelledBy }) => namesOf(cancelledBy).join(', '),
  redeemedAt: ({ redeemedAt }) => redeemedAt,
  erasedAt: ({ erasedAt }) => erasedAt,
  history: ({ history }) => history,
}

// a spreadsheet takes such a cell for a formula, also after white space and in full width
const formula = /^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\0]/

// a spreadsheet with one of these separators ignores our quotes and starts a new cell here. It may take a quote inside the text as the
// opening quote of that cell
const beforeInnerFormula = /(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n][\s\0"]*)/g

function textOf(cell: Cell): string {
  if (cell === undefined) return ''
  if (cell instanceof Date) return cell.toISOString()
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
}

function quoted(cell: Cell): string {
  const text = textOf(cell).replace(beforeInnerFormula, "'")
  return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}

const lineOf = (cells: readonly Cell[]) => `${cells.map(quoted).join(',')}\r\n`

/** The first line. It starts with a byte order mark: spreadsheets then read UTF-8. */
export const csvHead = `\ufeff${lineOf(Object.keys(columns))}`

/** A deferral as a line of CSV (RFC 4180). No cell can be a formula: `'` stands before what looks like one. */
export function csvLine(deferral: Reviewed): string {
  return lineOf(Object.values(columns).map((value) => value(deferral)))
}
