/** Runs `work` with a deadline: rejects with `ETIMEDOUT` after this many seconds, or when the signal aborts. */
export function within<T>(seconds: number, work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = () => reject(Object.assign(new Error(`no answer within ${seconds} s`), { code: 'ETIMEDOUT' }))
    // an aborted signal emits no event any more
    if (signal?.aborted) return fail()
    const timer = setTimeout(fail, seconds * 1000).unref()
    signal?.addEventListener('abort', fail, { once: true })
    const cleanUp = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', fail)
    }
    Promise.resolve().then(work).finally(cleanUp).then(resolve, reject)
  })
}

/**
 * Runs `work` with a signal that aborts after so many milliseconds, or with `outer`. `AbortSignal.timeout` would keep its timer after the
 * work, and with Node.js 20 a garbage collection ends a signal of `AbortSignal.any`.
 */
export async function withSignal<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(new DOMException('', 'TimeoutError'))
  if (outer?.aborted) abort()
  const timer = setTimeout(abort, milliseconds).unref()
  outer?.addEventListener('abort', abort, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  }
}
