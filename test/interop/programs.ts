import type { Scenario } from './scenarios.js'

/** A program that uses one library, and what it has to print. */
export interface Program {
  library: string
  /** its folder here; it is built and run in a copy of it */
  folder: string
  /** what runs if its toolchain is installed, and how that is called */
  toolchain: { name: string; probe: string[] }
  install: string[]
  command: string[]
  runs: Run[]
}

/** The program runs with this argument against a provider in this scenario. Its last line is `prints`, and it makes `deferrals`. */
export interface Run {
  argument: string
  scenario: Scenario
  prints: string
  deferrals: number
}

const run = (scenario: Scenario, prints: string, argument: string = scenario): Run => ({
  argument,
  scenario,
  prints,
  deferrals: 1,
})
const tokens = [run('openid', 'tokens'), run('oauth', 'tokens')]
const denied = run('access_denied', 'access_denied')
const quietPip = ['--quiet', '--disable-pip-version-check', '--root-user-action=ignore', '--upgrade']

export const programs: Program[] = [
  {
    library: 'MSAL for Node 7.2.3',
    folder: 'msal',
    toolchain: { name: 'npm', probe: ['npm', '--version'] },
    install: ['npm', 'install', '--silent', '--no-audit', '--no-fund', '--no-package-lock'],
    command: ['node', 'main.js'],
    runs: [
      ...tokens,
      run('slow_down', 'slow_down'),
      run('interaction_required', 'interaction_required'),
      denied,
      run('slow_down', 'the deferred request has not been decided yet', 'retry-after'),
    ],
  },
  {
    library: 'golang.org/x/oauth2 0.38.0',
    folder: 'go',
    toolchain: { name: 'go', probe: ['go', 'version'] },
    install: ['go', 'build', '-o', 'interop', '.'],
    command: ['./interop'],
    runs: [
      ...tokens,
      run('slow_down', 'tokens'),
      run('interaction_required', 'interaction_required'),
      denied,
      run('openid', 'oauth2: server response missing access_token', 'exchange'),
      { ...run('oauth', 'authorization_pending', 'auth-style'), deferrals: 2 },
    ],
  },
  {
    library: 'oauth2 5.0.0 for Rust',
    folder: 'rust',
    toolchain: { name: 'cargo', probe: ['cargo', '--version'] },
    install: ['cargo', 'build', '--quiet'],
    command: ['target/debug/interop'],
    runs: [
      ...tokens,
      run('slow_down', 'tokens'),
      run('interaction_required', 'interaction_required'),
      denied,
      run('openid', 'Failed to parse server response', 'exchange'),
    ],
  },
  {
    library: 'Authlib 1.9.10',
    folder: 'python',
    toolchain: { name: 'python3 with pip', probe: ['python3', '-m', 'pip', '--version'] },
    install: ['python3', '-m', 'pip', 'install', ...quietPip, '--target', 'packages', '-r', 'requirements.txt'],
    command: ['python3', 'main.py'],
    runs: [
      ...tokens,
      run('slow_down', 'tokens'),
      run('interaction_required', 'tokens'),
      denied,
      run('openid', 'deferred_auth_id', 'exchange'),
    ],
  },
]
