/* Type-checks programs against the built package, and compiles them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, relative, resolve } from 'node:path'
import type { Program } from './programs.js'

export interface Compiled {
  /** what the compiler says, by page: the lines are those of the page */
  errors: Map<string, string[]>
  /** the path of a program that can be run */
  pathOf: (program: Program) => string
  /** a text with the ports that the programs use */
  withPorts: (text: string) => string
}

const folderOf = (page: string) => page.replace(/\.md$/, '')

/** Compiles programs in a folder of `build`. Ports 3000 to 3009 become free ones. */
export async function compile(programs: Program[], name: string): Promise<Compiled> {
  const root = resolve('build', name)
  rmSync(root, { recursive: true, force: true })
  const withPorts = await freePorts()
  for (const { page, file, code } of programs) {
    const path = join(root, 'in', folderOf(page), file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${withPorts(code)}\n`)
  }
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(configurationOf(root)))
  const { stdout, status } = spawnSync('node_modules/.bin/tsc', ['-p', root, '--pretty', 'false'], { encoding: 'utf8' })
  const errors = errorsOf(stdout, relative('.', join(root, 'in')))
  if (status !== 0 && errors.size === 0) throw new Error(stdout)
  return {
    errors,
    withPorts,
    pathOf: ({ page, file }) => join(root, 'out', folderOf(page), file.replace(/ts$/, 'js')),
  }
}

function configurationOf(root: string): object {
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    allowJs: true,
    checkJs: true,
    moduleDetection: 'force',
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    rootDir: 'in',
    outDir: 'out',
  }
  return { compilerOptions, include: ['in', `${relative(root, 'test/docs/names')}/*.d.ts`] }
}

// build/docs/in/docs/quick-start/line12.ts(14,3): error TS2322: ...
const message = /^(.+)\/[^/]+\((\d+),\d+\): (error .+)$/

function errorsOf(output: string, root: string): Map<string, string[]> {
  const errors = new Map<string, string[]>()
  for (const text of output.split('\n')) {
    const [, path, line, error] = message.exec(text) ?? []
    if (!path) continue
    const page = `${relative(root, path)}.md`
    errors.set(page, [...(errors.get(page) ?? []), `${page}:${line}: ${error}`])
  }
  return errors
}

async function freePorts(): Promise<(text: string) => string> {
  const servers = Array.from({ length: 10 }, () => createServer())
  const ports = await Promise.all(servers.map((server) => listening(server)))
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return (text) => text.replace(/\b300(\d)\b/g, (_, digit) => String(ports[Number(digit)]))
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((done) => server.listen(0, done))
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
