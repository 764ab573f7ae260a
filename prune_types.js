/*
 * Removes from dist the declarations that no export of the package leads to: nobody can import them, and they are a tenth of the
 * package.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const reached = new Set()

/** @param {string} file */
function reach(file) {
  if (reached.has(file)) return
  reached.add(file)
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/['"](\.[^'"]+)\.js['"]/g)) {
    reach(join(dirname(file), `${path}.d.ts`))
  }
}

for (const { types } of Object.values(exports)) if (types) reach(join(types))
for (const name of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  const file = join('dist', name)
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
}
