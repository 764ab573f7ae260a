const largestBody = 16_384
const bodySeconds = 10

/** The body of a callback, or the status that refuses it: too large (413), too slow (408), cut off (400). */
export async function bodyOf({ body }: Request): Promise<Buffer | number> {
  if (!body) return 400
  const reader = body.getReader()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, bodySeconds * 1000, 408)
  })
  try {
    return await Promise.race([collect(reader), late])
  } catch {
    return 400
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Buffer | number> {
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks)
    size += value.byteLength
    if (size > largestBody) return 413
    chunks.push(value)
  }
}
