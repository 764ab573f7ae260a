import type { Context } from 'koa'
import type { Desk, Visit } from '../desk.js'
import { display } from '../display.js'
import { type SafeHtml, safe } from '../safe.js'

/** A page of the console. */
export interface Page {
  title: string
  main: SafeHtml
  root: string
  status?: number
  /** the right side of the header */
  header?: SafeHtml | undefined
  /** the part of the console that it belongs to */
  section?: Section
  /** one card in the middle */
  narrow?: boolean
  /** the keys of this page: key and meaning */
  keys?: readonly (readonly [key: string, meaning: string])[]
}

/** The parts of the console, for its header. */
const sections = {
  queue: ['', 'Queue'],
  overview: ['overview', 'Overview'],
  notifications: ['notifications', 'Notifications'],
} as const

type Section = keyof typeof sections

function sectionLinks(root: string, current: Section | undefined): SafeHtml {
  const names = Object.keys(sections) as Section[]
  return safe`<nav class="sections" aria-label="Pages of the console">${names.map((name) => {
    const [path, words] = sections[name]
    return safe`<a href="${root}${path}"${name === current && safe` aria-current="page"`}>${words}</a> `
  })}</nav>`
}

function logoOf({ options, assets }: Desk, root: string): SafeHtml {
  const { logo = `${root}assets/${assets.icon}` } = options.brand ?? {}
  return typeof logo === 'string' ? safe`<img src="${logo}" alt="" width="28" height="28">` : logo
}

function keyLine(keys: NonNullable<Page['keys']>): SafeHtml {
  const entries = keys.map(([key, meaning]) => safe`<li><kbd>${key}</kbd> ${meaning}</li>`)
  return safe`<section class="keys" id="keys" aria-label="Keys" hidden><ul>${entries}</ul>
<button class="link" type="button" id="keys-switch">Turn keys off</button></section>`
}

function layout(desk: Desk, { title, main, root, header, narrow, keys }: Page): SafeHtml {
  const { brand, assets } = desk
  return safe`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - ${brand}</title>
<link rel="icon" type="image/svg+xml" href="${root}assets/${assets.icon}">
<link rel="stylesheet" href="${root}assets/${assets.styles}">
<script src="${root}assets/${assets.script}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<div class="wrap">
<a class="brand" href="${root}">${logoOf(desk, root)}<span>${brand}</span></a>
${header}
</div>
</header>
<main id="main" tabindex="-1" class="wrap${narrow && ' narrow'}">
${main}
</main>
${keys && safe`<footer class="wrap">${keyLine(keys)}</footer>`}
</body>
</html>
`
}

/** Answers with a page. */
export function show(ctx: Context, desk: Desk, page: Page): void {
  ctx.status = page.status ?? 200
  ctx.type = 'html'
  ctx.body = layout(desk, page).toString()
}

/** Answers an operator with a page: the header says who works here. */
export function showTo({ ctx, desk, operator, root }: Visit, page: Omit<Page, 'root' | 'header'>): void {
  const own = desk.options.header?.(ctx, operator)
  const header = safe`${sectionLinks(root, page.section)}<div class="operator"><span>${display(operator.name, 80)}</span>${own}</div>`
  show(ctx, desk, { ...page, root, header })
}

/** A list of names and values. It leaves out names without a value. */
export function facts(rows: readonly (readonly [name: string, value: SafeHtml | string | undefined])[]): SafeHtml {
  const present = rows.filter(([, value]) => value !== undefined && value !== '')
  return safe`<dl class="facts">${present.map(([name, value]) => safe`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

const sources = { client: 'client says', service: 'we know', person: 'person did' } as const

/** Whose a fact is. */
export function source(of: keyof typeof sources): SafeHtml {
  return safe`<span class="source ${of}">${sources[of]}</span>`
}

/** A card with a heading; `aside` stands beside the heading. */
export function card(id: string, title: string, content: SafeHtml, aside?: SafeHtml): SafeHtml {
  return safe`<section class="card" aria-labelledby="${id}"><div class="title"><h2 id="${id}">${title}</h2>${aside}</div>
${content}</section>`
}
