import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type Job, type PeerName, peers } from './peers.js'
import type { Setup } from './worker_main.js'

const { resolve } = createRequire(import.meta.url)

/** A process with the queue of a peer. */
export interface QueueWorker {
  add(jobs: Job[]): Promise<void>
  work(): Promise<void>
  /** microseconds of CPU so far */
  cpu(): Promise<number>
  kill(): Promise<void>
}

/** Rejects if the packages of a peer are not installed. */
export function assertInstalled(): void {
  const names = Object.values(peers).flatMap(({ packages }) => packages)
  const missing = names.filter((name) => !isInstalled(name))
  if (missing.length > 0) throw new Error(`install the peers first: npm install --no-save ${names.join(' ')}`)
}

function isInstalled(name: string): boolean {
  try {
    resolve(name)
    return true
  } catch (error) {
    // a package may export nothing to `require`
    return (error as { code?: string }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
  }
}

/** Starts one. */
export async function startWorker(setup: Setup & { peer: PeerName }): Promise<QueueWorker> {
  const child = fork(new URL('./worker_main.js', import.meta.url), { serialization: 'advanced' })
  await once(child, 'message')
  await ask(child, setup)
  return {
    add: async (jobs) => void (await ask(child, jobs)),
    work: async () => void (await ask(child, 'work')),
    cpu: async () => Number(await ask(child, 'cpu')),
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function ask(child: ChildProcess, message: object | string): Promise<unknown> {
  child.send(message)
  const [answer] = await once(child, 'message')
  return answer
}
