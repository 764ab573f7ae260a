import { display, longestText } from '../back_office/display.js'
import { type SafeHtml, safe } from './safe.js'

// the pages need all of them together
export { display, displayJson, displayLines } from '../back_office/display.js'

/** A text of somebody else's among our words: text that runs from right to left cannot turn them around. */
export function quoted(text: string, longest = longestText): SafeHtml {
  return safe`<bdi>${display(text, longest)}</bdi>`
}
