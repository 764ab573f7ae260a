import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

// Compiled code is in build/example-app/partner. The script stays in the sources.
const source = fileURLToPath(new URL('../../../example-app/partner/statements.js', import.meta.url))

let bundled: Promise<string> | undefined

/** The script of the page with the packages that it imports, in one file. It is bundled once. */
export function statementsScript(): Promise<string> {
  bundled ??= bundle()
  return bundled
}

async function bundle(): Promise<string> {
  const { output } = (await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      rollupOptions: { input: source, output: { format: 'iife', codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput
  return output[0].code
}
