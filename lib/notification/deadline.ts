/** Waits for work, but not for ever: rejects with `ETIMEDOUT` after so many seconds, or when the signal aborts. */
export function within<T>(seconds: number, work: () => Promise<T> | T, signal?: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const fail = () => reject(Object.assign(new Error(`no answer within ${seconds} s`), { code: 'ETIMEDOUT' }))
    // a signal that is aborted already emits nothing more
    if (signal?.aborted) return fail()
    const timer = setTimeout(fail, seconds * 1000).unref()
    signal?.addEventListener('abort', fail, { once: true })
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', fail)
    }
    Promise.resolve().then(work).finally(done).then(resolve, reject)
  })
}
