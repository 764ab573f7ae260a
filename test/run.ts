/*
 * Runs the tests: all of them, or the files that have one of the arguments in their path: `npm test -- openid/poll`. Options of
 * Vitest may follow, such as `-t` with a part of a test's name.
 */
import { spawnSync } from 'node:child_process'

// sources are named, compiled files are run
const args = process.argv.slice(2).map((arg) => arg.replace(/\.ts$/, ''))
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], { stdio: 'inherit' })
process.exitCode = status ?? 1
