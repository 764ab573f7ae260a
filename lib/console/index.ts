export type { Colours } from './colours.js'
export { createConsole } from './console.js'
export type {
  Brand,
  ConsoleOptions,
  DetailEditor,
  DetailField,
  ExportEntry,
  Operator,
  Panel,
  Permission,
  Texts,
} from './options.js'
export { type Part, type SafeHtml, safe } from './safe.js'
