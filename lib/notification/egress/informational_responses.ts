import type { Socket } from 'node:net'

const beginning = 'HTTP/1.1 1'
// 101 switches to another protocol
const informational = /^HTTP\/1\.1 1(?!01)\d\d/
const proceed = /^HTTP\/1\.1 100/
const endOfHead = /\r?\n\r?\n/
// undici's own limit for headers
const longest = 16 * 1024

/**
 * Removes every `100 Continue` from the bytes that are read from this socket. undici closes the connection when one comes that it
 * did not ask for, but RFC 9110, section 15.2, tells a client to read on. undici understands the other informational responses.
 */
export function ignoreContinue(socket: Socket): void {
  const read = socket.read
  let ahead: Buffer = Buffer.alloc(0)
  let answered = -1
  socket.read = (size?: number) => {
    for (;;) {
      const chunk: Buffer | null = read.call(socket, size)
      // after the head of an answer comes its body, until the next request is written
      if (chunk === null || answered === socket.bytesWritten) return chunk
      const { passed, rest } = withoutContinue(Buffer.concat([ahead, chunk]))
      const isWhole = !mayBeInformational(rest)
      if (isWhole) answered = socket.bytesWritten
      ahead = isWhole ? Buffer.alloc(0) : rest
      const ready = Buffer.concat(isWhole ? [...passed, rest] : passed)
      if (ready.length > 0) return ready
    }
  }
}

/** Heads of informational responses that are complete, `100 Continue` left out, and what comes after them. */
function withoutContinue(ahead: Buffer): { passed: Buffer[]; rest: Buffer } {
  const passed: Buffer[] = []
  let rest = ahead
  for (let length = headLength(rest); length > 0; length = headLength(rest)) {
    if (!proceed.test(start(rest))) passed.push(rest.subarray(0, length))
    rest = rest.subarray(length)
  }
  return { passed, rest }
}

function headLength(ahead: Buffer): number {
  if (!informational.test(start(ahead))) return 0
  const end = endOfHead.exec(ahead.toString('latin1', 0, longest))
  return end ? end.index + end[0].length : 0
}

function mayBeInformational(ahead: Buffer): boolean {
  const text = start(ahead)
  if (text.length < 'HTTP/1.1 1xx'.length) return beginning.startsWith(text.slice(0, beginning.length))
  return informational.test(text) && ahead.length < longest
}

function start(ahead: Buffer): string {
  return ahead.toString('latin1', 0, 'HTTP/1.1 1xx'.length)
}
