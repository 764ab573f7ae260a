/*
 * Texts of clients and end-users, made harmless for the people who decide: for a page and for a terminal.
 */

/** Most characters of a text that is shown. */
export const longestText = 300

// controls, and characters that nobody sees or that turn others around; variation selectors only choose the form of an emoji
const variationSelectors = /[\ufe00-\ufe0f]/gu
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
const invisibleInLines = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
const stackedMarks = /(\p{M}{2})\p{M}+/gu

function cleaned(text: string, pattern: RegExp, longest: number): string {
  // characters outside the first plane count as one
  const start = [...text.slice(0, longest * 2 + 2)]
  const isCut = start.length > longest || text.length > longest * 2 + 2
  const shown = start
    .slice(0, longest)
    .join('')
    .replace(variationSelectors, '')
    .replace(pattern, '\ufffd')
    .replace(stackedMarks, '$1')
    .replace(/\p{Zs}/gu, ' ')
  return isCut ? `${shown}\u2026 (${text.length.toLocaleString('en')} characters)` : shown
}

/**
 * Cleans a text of a client or an end-user for one line. A visible mark replaces control characters, invisible characters and
 * characters that turn text around. A longer text is cut. Escaping for HTML is left to the template.
 */
export function display(text: string, longest = longestText): string {
  return cleaned(text, invisible, longest)
}

/** The same for several lines. */
export function displayLines(text: string, longest = 20_000): string {
  return cleaned(text.replace(/\r\n?/g, '\n'), invisibleInLines, longest)
}

/** Any JSON value, over several lines. */
export function displayJson(value: unknown): string {
  return displayLines(JSON.stringify(value, undefined, 2) ?? '')
}
