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

/** Runs `work` with a signal that aborts after so many milliseconds. `AbortSignal.timeout` would keep its timer after the work. */
export async function withSignal<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(new DOMException('', 'TimeoutError'))
  const timer = setTimeout(abort, milliseconds).unref()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
  }
}
