import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Middleware } from 'koa'
import mount from 'koa-mount'
import serve from 'koa-static'

// Compiled code is in build/example-app/web. The files it serves stay in the sources.
const folder = new URL('../../../example-app/assets/', import.meta.url)

const common = ['base.css', 'frame.css', 'forms.css', 'buttons.css', 'pieces.css']
const ownOf = {
  provider: ['provider.css'],
  'relying-party': ['relying-party.css', 'answer.css'],
  desk: ['desk.css'],
  partner: ['partner.css', 'answer.css'],
}

/** The style sheets of one site, in order. */
export function styleSheets(site: keyof typeof ownOf): readonly string[] {
  return [...common, ...ownOf[site]]
}

/** Reads one file of `assets/`. */
export function asset(name: string): Buffer {
  return readFileSync(new URL(name, folder))
}

/** Serves the files of `assets/`. */
export function assets(): Middleware {
  const options: serve.Options = { index: false, setHeaders: (res) => res.setHeader('Cache-Control', 'no-cache') }
  return mount('/assets', serve(fileURLToPath(folder), options))
}
