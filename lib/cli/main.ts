#!/usr/bin/env node
import { parse } from './arguments.js'
import { commands } from './commands.js'
import { assertAnswerable } from './confirmation.js'
import { connect } from './deployment.js'
import { exitCodeOf, exitCodes, Failure, messageOf } from './failure.js'
import { safeLine, terminalOf } from './terminal.js'
import { usage, usageOf } from './usage.js'

const args = process.argv.slice(2)

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // `head` and pagers read no further
  if (error.code === 'EPIPE') process.exit(exitCodes.closedPipe)
  process.stderr.write(`${safeLine(`the output cannot be written: ${error.message}`)}\n`)
  process.exit(exitCodes.unexpected)
})

// a closed stderr must not stop the work
process.stderr.on('error', () => undefined)

try {
  process.exitCode = await run()
} catch (error) {
  process.exitCode = exitCodeOf(error)
  process.stderr.write(`${safeLine(messageOf(error))}\n`)
  if (error instanceof Failure && error.exitCode === exitCodes.usage) {
    process.stderr.write('Run npx oidc-provider-deferred --help for the usage.\n')
  }
}

async function run(): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    const [name = ''] = args
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    process.stdout.write(command ? usageOf(name, command) : usage(commands))
    return exitCodes.done
  }
  const { name, command, id, values } = parse(args, commands)
  const terminal = terminalOf(process, values.flag('json'))
  assertAnswerable(name, command, values, terminal)
  const deployment = await connect(values, process.env)
  try {
    return await command.run({ id, values, deployment, terminal })
  } finally {
    terminal.endProgress()
    await deployment.close()
  }
}
