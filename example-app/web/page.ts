import type { Context } from 'koa'
import { styleSheets } from './assets.js'
import { type Html, html } from './html.js'

export interface Page {
  /** The application. It sets the colours and the name in the header. */
  site: 'provider' | 'relying-party' | 'desk' | 'partner'
  title: string
  main: Html
  /** The right side of the header. */
  nav?: Html | undefined
  /** A narrow page has one card in the middle. */
  narrow?: boolean
  /** Name of a script in `assets/`. */
  script?: string
  status?: number
}

const names = {
  provider: 'Harbour ID',
  'relying-party': 'Harbour Bank',
  desk: 'Harbour Desk',
  partner: 'Tideline Books',
}
const purposes = {
  provider: 'the identity provider of a demo bank',
  'relying-party': 'the website of a demo bank',
  desk: "the reviewer's desk of a demo bank",
  partner: 'a partner of a demo bank',
}

function layout(page: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} - ${names[page.site]}</title>
<link rel="icon" href="/assets/harbour.svg" type="image/svg+xml">
${styleSheets(page.site).map((name) => html`<link rel="stylesheet" href="/assets/${name}">`)}
${page.script && html`<script src="/assets/${page.script}" defer></script>`}
</head>
<body class="${page.site}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<div class="wrap">
<a class="brand" href="/"><img src="/assets/harbour.svg" alt="" width="28" height="28">${names[page.site]}</a>
${page.nav && html`<nav aria-label="Site">${page.nav}</nav>`}
</div>
</header>
<main id="main" tabindex="-1" class="wrap${page.narrow ? ' narrow' : ''}">
${page.main}
</main>
<footer class="wrap">
<p>${names[page.site]} is ${purposes[page.site]}. Nothing here is real: no money, no people, no documents.</p>
</footer>
</body>
</html>
`
}

/** Answers with a page. */
export function show(ctx: Context, page: Page): void {
  ctx.status = page.status ?? 200
  ctx.type = 'html'
  ctx.set('Cache-Control', 'no-store')
  ctx.body = String(layout(page))
}
