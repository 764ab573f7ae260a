/** Colours of the console, each `#rrggbb`. */
export interface Colours {
  /** buttons and links on light ground */
  accent?: string
  /** the same on dark ground */
  accentDark?: string
  /** ground of the header; the text on it becomes black or white */
  header?: string
}

type Name = keyof Required<Colours>

// the ground that a colour has to be read on: the lightest and the darkest surface of the console
const grounds: Record<Name, string | undefined> = { accent: '#eef2f1', accentDark: '#1f3338', header: undefined }

/** WCAG 2.2, "relative luminance". */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

const readableOn = (ground: string) =>
  contrast(ground, '#ffffff') >= contrast(ground, '#000000') ? '#ffffff' : '#000000'

/** Checks the colours: a page must stay readable, and nothing but a colour reaches the style sheet. */
export function checkColours(colours: object, refuse: (name: string, remedy: string) => never): void {
  for (const [name, value] of Object.entries(colours)) {
    if (value === undefined) continue
    if (!Object.hasOwn(grounds, name)) refuse(name, `is not an option, use one of ${Object.keys(grounds).join(', ')}`)
    if (typeof value !== 'string' || !/^#[0-9a-f]{6}$/i.test(value)) refuse(name, 'must be a colour as #rrggbb')
    const ground = Reflect.get(grounds, name)
    if (ground && contrast(value, ground) < 4.5) refuse(name, `must have a contrast of 4.5 to ${ground}`)
  }
}

/** The style sheet of these colours. */
export function colourSheet({ accent, accentDark, header }: Colours): string {
  const accentRule = (colour: string) => `--accent:${colour};--accent-deep:${colour};--on-accent:${readableOn(colour)}`
  return [
    accent && `:root{${accentRule(accent)}}`,
    accentDark && `@media (prefers-color-scheme:dark){:root{${accentRule(accentDark)}}}`,
    header && `:root{--header:${header};--on-header:${readableOn(header)}}`,
  ]
    .filter(Boolean)
    .join('\n')
}
