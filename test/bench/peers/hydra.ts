import { execFileSync } from 'node:child_process'

const command = 'go list -m -f {{.Version}} github.com/ory/hydra/v2@latest'

/** Why Ory Hydra is not measured: its device grant came after the last version that is published as a Go module. */
export function whyNotHydra(): string {
  const [program = '', ...args] = command.split(' ')
  try {
    const version = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `Ory Hydra: not measured. ${command} says ${version}; the device grant came with 25.4.0, which is no version of the module`
  } catch {
    return `Ory Hydra: not measured. ${command} failed`
  }
}
