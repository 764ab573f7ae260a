import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Context } from 'koa'

// the package ships the sources of these files: a compiled file of `dist/console` finds them there
const folder = new URL('../../lib/console/assets/', import.meta.url)
const sheets = [
  'base.css',
  'frame.css',
  'forms.css',
  'pieces.css',
  'queue.css',
  'table.css',
  'request.css',
  'live.css',
  'plot.css',
  'print.css',
]

const scripts = ['console.js', 'live.js']

/** A file that pages load. Its name has a hash of its content, so that browsers keep it for good. */
interface Asset {
  name: string
  type: string
  body: string
}

/** The files of one console. */
export interface Assets {
  styles: string
  script: string
  icon: string
  /** Answers a request for one of them; false for any other. */
  serve(ctx: Context): boolean
}

const read = (name: string) => readFileSync(new URL(name, folder), 'utf8')

function asset(extension: string, type: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 16)
  return { name: `console.${hash}.${extension}`, type, body }
}

/** Reads the files, and adds the colours of the integrator to the style sheet. */
export function createAssets(colours: string): Assets {
  const styles = asset('css', 'text/css', [...sheets.map(read), colours].join('\n'))
  const script = asset('js', 'text/javascript', scripts.map(read).join('\n'))
  const icon = asset('svg', 'image/svg+xml', read('console.svg'))
  const files: Record<string, Asset> = { css: styles, js: script, svg: icon }
  return {
    styles: styles.name,
    script: script.name,
    icon: icon.name,
    serve(ctx) {
      const match = /^\/assets\/console\.([\w-]{16})\.(css|js|svg)$/.exec(ctx.path)
      const found = files[match?.[2] ?? '']
      if (!found || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return false
      const isCurrent = ctx.path === `/assets/${found.name}`
      ctx.type = found.type
      // while nodes are replaced, a page of the one before may ask for its file here
      ctx.set('Cache-Control', isCurrent ? 'public, max-age=31536000, immutable' : 'no-store')
      ctx.body = found.body
      return true
    },
  }
}
