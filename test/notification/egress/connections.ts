import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

/** Every TCP connection this process tries to open, whoever does, counted where Node.js hands it to the system. */
export interface Watch {
  /** targets so far, those at these ports left out */
  opened(except: number[]): string[]
  stop(): void
}

/** Listeners on all of loopback that a denied endpoint could mean, on one port. */
export interface Loopback {
  port: number
  /** the addresses that were connected to */
  reached: string[]
  close(): Promise<void>
}

interface Attempt {
  address?: string
  port?: number
}

/** Watches the process until told to stop. */
export function watchConnections(): Watch {
  const attempts: Attempt[] = []
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      // where it goes is filled in later
      if (type === 'TCPCONNECTWRAP') attempts.push(resource as Attempt)
    },
  }).enable()
  return {
    opened: (except) =>
      attempts.filter(({ port }) => !except.includes(port ?? 0)).map(({ address, port }) => `${address} ${port}`),
    stop: () => void hook.disable(),
  }
}

const ipv4 = Array.from({ length: 9 }, (_, at) => `127.0.0.${at + 1}`)

/** Listens on 127.0.0.1 to 127.0.0.9, and on ::1 where there is one; every connection is noted and dropped. */
export async function listenOnLoopback(): Promise<Loopback> {
  const reached: string[] = []
  const first = await listen('127.0.0.1', 0, reached)
  const { port } = first.address() as AddressInfo
  const servers = [first]
  for (const address of ipv4.slice(1)) servers.push(await listen(address, port, reached))
  try {
    servers.push(await listen('::1', port, reached))
  } catch (error) {
    process.stderr.write(`no listener on ::1, IPv6 loopback is only watched at its start: ${error}\n`)
  }
  return {
    port,
    reached,
    async close() {
      await Promise.all(servers.map((server) => once(server.close(), 'close')))
    },
  }
}

async function listen(address: string, port: number, reached: string[]): Promise<Server> {
  const server = createServer((socket) => {
    reached.push(address)
    socket.resetAndDestroy()
  })
  server.listen(port, address)
  await once(server, 'listening')
  return server
}
