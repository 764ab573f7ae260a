import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A network between a client and a server that can be cut. */
export interface TcpProxy {
  port: number
  /** nothing arrives any more, and nobody is told; new connections hang as well */
  cut(): void
  /** ends all connections, and refuses new ones */
  refuse(): void
  /** new connections work again; those that were cut stay silent */
  mend(): void
  close(): Promise<void>
}

/** Starts one in front of a port on loopback. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  let state: 'open' | 'cut' | 'refusing' = 'open'
  const sockets = new Set<Socket>()
  const pipes = new Set<[Socket, Socket]>()
  const server = createServer((near) => {
    keep(near)
    if (state === 'refusing') near.destroy()
    if (state !== 'open') return
    const far = connect(target, '127.0.0.1')
    keep(far)
    near.pipe(far).pipe(near)
    pipes.add([near, far])
  })

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut'
      for (const [near, far] of pipes) {
        near.unpipe(far)
        far.unpipe(near)
        // what arrives is lost
        for (const socket of [near, far]) socket.resume()
      }
      pipes.clear()
    },
    refuse() {
      state = 'refusing'
      for (const socket of sockets) socket.destroy()
    },
    mend() {
      state = 'open'
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
