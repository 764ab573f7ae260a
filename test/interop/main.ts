/*
 * npm run interop [-- go rust]
 *
 * Client libraries of others poll a real provider with their own loops, each in a small program in its own language. Its packages
 * come from their registries into .cache/interop. A library whose toolchain is not installed is skipped. Exits with 1 when a
 * program printed something else than test/interop/programs.ts says.
 */
import { execFile, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Program, programs, type Run } from './programs.js'
import { client, deferredCode, type Stage, startStage } from './scenarios.js'

const cache = resolve('.cache/interop')
const names = process.argv.slice(2)
const chosen = programs.filter(({ folder }) => names.length === 0 || names.includes(folder))
if (chosen.length === 0)
  throw new Error(`none of ${programs.map(({ folder }) => folder).join(', ')}: ${names.join(', ')}`)
let [passes, failures, skips] = [0, 0, 0]

for (const program of chosen) {
  const { library, folder, toolchain, install, runs } = program
  if (!succeeds(toolchain.probe)) {
    skips++
    console.log(`${library}: skipped, because ${toolchain.name} is not installed`)
    continue
  }
  const copy = join(cache, folder)
  cpSync(join('test/interop', folder), copy, { recursive: true })
  if (!succeeds(install, copy, 'inherit')) {
    failures++
    console.log(`${library}: FAILED to install: ${install.join(' ')}`)
    continue
  }
  for (const run of runs) console.log(`${library}: ${await report(program, run, copy)}`)
}
console.log(`${passes} as expected, ${failures} failed, ${skips} libraries skipped`)
process.exitCode = failures ? 1 : 0

function succeeds([file = '', ...args]: string[], cwd = '.', stdio: 'ignore' | 'inherit' = 'ignore'): boolean {
  return spawnSync(file, args, { cwd, stdio }).status === 0
}

/** Runs it; one line about it. */
async function report(program: Program, run: Run, cwd: string): Promise<string> {
  const op = await startStage(run.scenario)
  try {
    const printed = await print(program, run, cwd, op)
    const asExpected = printed === run.prints && op.created.length === run.deferrals
    if (asExpected) passes++
    else failures++
    const facts = `deferrals: ${op.created.length}; refused polls: ${op.refused.join(', ') || 'none'}`
    return `${run.argument}: ${asExpected ? '' : `FAILED, not "${run.prints}": `}${printed} (${facts})`
  } finally {
    await op.close()
  }
}

async function print({ command }: Program, { argument, scenario }: Run, cwd: string, op: Stage): Promise<string> {
  const [file = '', ...args] = command
  const env = {
    ...process.env,
    TOKEN_ENDPOINT: `${op.issuer}/token`,
    CLIENT_ID: client.id,
    CLIENT_SECRET: client.secret,
    DEFERRED_CODE: scenario === 'openid' ? await deferredCode(op) : '',
    PYTHONPATH: join(cwd, 'packages'),
    // Authlib refuses plain http without it
    AUTHLIB_INSECURE_TRANSPORT: '1',
  }
  try {
    const { stdout } = await promisify(execFile)(file, [...args, argument], { cwd, env, timeout: 60_000 })
    return stdout.trim().split('\n').at(-1) ?? ''
  } catch (error) {
    return (error as Error).message
  }
}
