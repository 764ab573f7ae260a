import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Db } from 'mongodb'
import type { Contender } from './contests.js'
import type { Subject, Usage } from './server.js'

/** The database of a contest, and how another process gets there. */
export interface Place {
  uri: string
  db: Db
}

/** A server in a process of its own. */
export interface Server {
  port: number
  usage(): Promise<Usage>
}

/** Starts one server per kind that the contenders need, and stops them when `run` is done. */
export async function withServers<T>(
  contenders: Contender[],
  place: Place,
  { monitor }: { monitor: boolean },
  run: (serverOf: (contender: Contender) => Server) => Promise<T>,
): Promise<T> {
  const servers = new Map<string, Server & { stop(): Promise<void> }>()
  try {
    for (const contender of contenders) {
      if (!servers.has(key(contender))) servers.set(key(contender), await start(contender.subject, place, monitor))
    }
    return await run((contender) => servers.get(key(contender)) as Server)
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  }
}

function key({ subject, again }: Contender): string {
  return `${subject} ${again ?? false}`
}

/** Starts one server. */
export async function start(subject: Subject, { uri, db }: Place, monitor: boolean) {
  const args = [subject, uri, db.databaseName, ...(monitor ? ['monitor'] : [])]
  const child = fork(new URL('./server.js', import.meta.url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { port } = await message<{ port: number }>(child)
  return {
    port,
    async usage() {
      child.send('usage')
      return message<Usage>(child)
    },
    async stop() {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function message<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const gone = once(child, 'exit', ended).then(() => {
    throw new Error('a server of the bench ended early')
  })
  const [answer] = await Promise.race([once(child, 'message', ended), gone])
  ended.abort()
  await gone.catch(() => undefined)
  return answer as T
}
