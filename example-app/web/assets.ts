import { readFileSync } from 'node:fs'
import type { Middleware } from 'koa'

// Compiled code lives in build/example-app/web, the files it serves stay where they are in the sources.
const folder = new URL('../../../example-app/assets/', import.meta.url)

const common = ['base.css', 'frame.css', 'forms.css', 'buttons.css', 'pieces.css']
const own = {
  provider: ['provider.css'],
  'relying-party': ['relying-party.css', 'answer.css'],
  desk: ['desk.css'],
  partner: ['partner.css', 'answer.css'],
}
const others = ['harbour.svg', 'sample-passport.jpg', 'checking.js', 'evidence.js', 'statements.js']
const files = [...common, ...Object.values(own).flat(), ...others]

/** The style sheets of one site, in order. */
export function styleSheets(site: keyof typeof own): readonly string[] {
  return [...common, ...own[site]]
}

/** Reads one file of `assets/`. */
export function asset(name: string): Buffer {
  return readFileSync(new URL(name, folder))
}

/** Serves the files of `assets/`, and only those. */
export function assets(): Middleware {
  const contents = new Map(files.map((name) => [`/assets/${name}`, asset(name)]))
  return async (ctx, next) => {
    const content = contents.get(ctx.path)
    if (!content || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
    ctx.type = ctx.path.slice(ctx.path.lastIndexOf('.'))
    ctx.set('Cache-Control', 'no-cache')
    ctx.body = content
  }
}
