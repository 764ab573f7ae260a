import type { Socket } from 'node:net'

const beginning = 'HTTP/1.1 1'
// 101 switches to another protocol
const informational = /^HTTP\/1\.1 1(?!01)\d\d/
const proceed = /^HTTP\/1\.1 100/
const endOfHead = /\r?\n\r?\n/
// undici's own limit for headers
const longest = 16 * 1024

/**
 * Removes every `100 Continue` from the bytes that are read from this socket. undici closes the connection after one that it did
 * not ask for, but a client must be able to parse it (RFC 9110, section 15.2). undici accepts other informational responses.
 */
export function ignoreContinue(socket: Socket): void {
  const read = socket.read
  // the beginning of a head that may be informational
  let buffered: Buffer = Buffer.alloc(0)
  let bytesAtAnswer = -1
  socket.read = (size?: number) => {
    for (;;) {
      const chunk: Buffer | null = read.call(socket, size)
      // after the head of a final response comes its body, until the next request is written
      if (chunk === null || bytesAtAnswer === socket.bytesWritten) return chunk
      const { heads, rest } = withoutContinue(Buffer.concat([buffered, chunk]))
      const isFinal = !mayBeInformational(rest)
      if (isFinal) bytesAtAnswer = socket.bytesWritten
      buffered = isFinal ? Buffer.alloc(0) : rest
      const ready = Buffer.concat(isFinal ? [...heads, rest] : heads)
      if (ready.length > 0) return ready
    }
  }
}

/** The complete heads of informational responses, without those of `100 Continue`, and the bytes after them. */
function withoutContinue(bytes: Buffer): { heads: Buffer[]; rest: Buffer } {
  const heads: Buffer[] = []
  let rest = bytes
  for (let length = headLength(rest); length > 0; length = headLength(rest)) {
    if (!proceed.test(start(rest))) heads.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return { heads, rest }
}

function headLength(bytes: Buffer): number {
  if (!informational.test(start(bytes))) return 0
  const end = endOfHead.exec(bytes.toString('latin1', 0, longest))
  return end ? end.index + end[0].length : 0
}

function mayBeInformational(bytes: Buffer): boolean {
  const text = start(bytes)
  if (text.length < 'HTTP/1.1 1xx'.length) return beginning.startsWith(text.slice(0, beginning.length))
  return informational.test(text) && bytes.length < longest
}

function start(bytes: Buffer): string {
  return bytes.toString('latin1', 0, 'HTTP/1.1 1xx'.length)
}
