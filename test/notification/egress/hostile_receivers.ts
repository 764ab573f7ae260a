import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { gzipSync } from 'node:zlib'

/** A receiver that does what it likes with a connection. */
export interface Raw {
  port: number
  /** TCP connections so far */
  connections: number
  /** requests so far, and which TLS version carried each */
  requests: (string | null)[]
  /** bytes of answers the system took, of connections to this host */
  written(host: string): number
  close(): Promise<void>
}

/** What is done with a request; what is started ends with the connection. */
export type Misbehaviour = (socket: Socket) => void

/** A receiver over TLS that misbehaves by the host it is asked for. */
export async function startTlsReceiver(
  tls: TlsOptions,
  misbehaviours: Record<string, Misbehaviour> = {},
): Promise<Raw> {
  const raw = newRaw()
  const sockets = new Map<string, Socket[]>()
  const server = createTlsServer(tls, (socket) => {
    socket.on('error', () => undefined)
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString()
      if (!head.includes('\r\n\r\n')) return
      raw.requests.push(socket.getProtocol())
      const host = /^host: ([^:\r]+)/im.exec(head)?.[1] ?? ''
      head = ''
      sockets.set(host, [...(sockets.get(host) ?? []), socket])
      const misbehave = misbehaviours[host] ?? answers('HTTP/1.1 204 No Content\r\n\r\n')
      misbehave(socket)
    })
  })
  server.on('tlsClientError', () => undefined)
  return Object.assign(raw, await listen(server, raw), {
    written: (host: string) => (sockets.get(host) ?? []).reduce((sum, socket) => sum + taken(socket), 0),
  })
}

/** A receiver that does not even speak TLS. */
export async function startTcpReceiver(misbehave: Misbehaviour): Promise<Raw> {
  const raw = newRaw()
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    // else nobody notices that the other side has gone
    socket.resume()
    misbehave(socket)
  })
  return Object.assign(raw, await listen(server, raw))
}

/** Sends this and nothing more. */
export const answers =
  (text: string | Buffer): Misbehaviour =>
  (socket) =>
    void socket.write(text)

/** Sends this, and that again and again until the connection ends. */
export const repeats =
  (first: string, again: string | Buffer, milliseconds: number): Misbehaviour =>
  (socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(again), milliseconds)
    socket.once('close', () => clearInterval(timer))
  }

/** Sends this, and zeros as fast as they are taken, this many bytes at most. */
export const floods =
  (first: string, bytes = Number.POSITIVE_INFINITY): Misbehaviour =>
  (socket) => {
    socket.write(first)
    let left = bytes
    const flood = () => {
      while (left > 0 && !socket.destroyed) {
        left -= zeros.length
        if (!socket.write(zeros)) return
      }
    }
    socket.on('drain', flood)
    flood()
  }

/** An answer of half a gibibyte in half a mebibyte. */
export const bombs: Misbehaviour = (socket) => {
  const piece = gzipSync(Buffer.alloc(16 * 2 ** 20))
  // several gzip members in a row are one gzip file
  const body = Buffer.concat(Array(32).fill(piece))
  socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n`)
  socket.write(`${body.length.toString(16)}\r\n`)
  socket.write(body)
  socket.write('\r\n0\r\n\r\n')
}

const zeros = Buffer.alloc(64 * 1024)

function newRaw(): Omit<Raw, 'port' | 'close'> {
  return { connections: 0, requests: [], written: () => 0 }
}

function taken(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength
}

async function listen(server: Server, raw: Pick<Raw, 'connections'>): Promise<Pick<Raw, 'port' | 'close'>> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    raw.connections += 1
    open.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}
