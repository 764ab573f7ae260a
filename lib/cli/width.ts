// Chinese, Japanese and Korean characters and emoji take two places of a terminal, and a mark on another character takes none
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u
const mark = /\p{M}/u

/** The places that a text takes in a terminal. */
export function widthOf(text: string): number {
  return [...text].reduce((sum, character) => sum + widthOfCharacter(character), 0)
}

/** The text with spaces up to this width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** The text, with an ellipsis if it does not fit. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let start = ''
  let used = 1
  for (const character of text) {
    used += widthOfCharacter(character)
    if (used > width) break
    start += character
  }
  return `${start}\u2026`
}

function widthOfCharacter(character: string): number {
  if (mark.test(character)) return 0
  return wide.test(character) ? 2 : 1
}
