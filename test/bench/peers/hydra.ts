import { execFileSync } from 'node:child_process'

const command = 'go list -m -f {{.Version}} github.com/ory/hydra/v2@latest'

/** Why Ory Hydra is not measured: the newest version of its Go module has no device grant. */
export function whyNotHydra(): string {
  const [program = '', ...args] = command.split(' ')
  try {
    const version = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return `Ory Hydra: missing. ${command} says ${version}; v2.3.0 has no device grant`
  } catch {
    return `Ory Hydra: missing. ${command} failed`
  }
}
