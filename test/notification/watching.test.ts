import { setTimeout as after } from 'node:timers/promises'
import type { DeferralStore } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { createWatching } from '../../lib/notification/watching.js'
import { until } from '../support/receiver.js'

type OnChange = Parameters<NonNullable<DeferralStore['watch']>>[0]

/** A store whose watches a test ends. */
function scriptedStore(failures = 0) {
  const script = {
    calls: 0,
    closed: 0,
    onChange: (() => {}) as OnChange,
    end: (_error?: Error) => {},
    async watch(onChange: OnChange) {
      script.calls += 1
      if (script.calls <= failures) throw new Error('planted')
      script.onChange = onChange
      const ended = new Promise<void>((resolve, reject) => {
        script.end = (error) => (error ? reject(error) : resolve())
      })
      const close = async () => {
        script.closed += 1
      }
      return { ended, close }
    },
  }
  return script
}

function listening(store: Pick<DeferralStore, 'watch'>) {
  const heard: string[] = []
  const watching = createWatching(store)
  watching.subscribe(
    (id, isDue) => heard.push(`${id} ${isDue}`),
    () => heard.push('missed'),
  )
  return { watching, heard }
}

test('begins when somebody needs it, and once', async () => {
  const store = scriptedStore()
  const { watching, heard } = listening(store)
  expect(store.calls).toBe(0)
  watching.begin()
  watching.begin()
  await until(watching.isListening)
  store.onChange('an id', true)
  expect(heard).toEqual(['an id true'])
  expect(store.calls).toBe(1)
  await watching.close()
  expect(store.closed).toBe(1)
})

test.each([undefined, new Error('planted')])(
  'begins again when it ends, and says that changes were missed: %s',
  async (error) => {
    const store = scriptedStore()
    const { watching, heard } = listening(store)
    watching.begin()
    await until(watching.isListening)
    store.end(error)
    await until(() => store.calls === 2 && watching.isListening())
    expect(heard).toEqual(['missed'])
    store.onChange('later', false)
    expect(heard).toEqual(['missed', 'later false'])
    await watching.close()
  },
)

test('tries again, later each time, while the store rejects', async () => {
  const store = scriptedStore(3)
  const { watching, heard } = listening(store)
  const start = performance.now()
  watching.begin()
  await until(watching.isListening)
  expect(store.calls).toBe(4)
  // 0.1 + 0.2 + 0.4 s, a fifth shorter at most
  expect(performance.now() - start).toBeGreaterThan(550)
  expect(heard).toEqual(['missed'])
  await watching.close()
})

test.each([{}, { watch: async () => undefined }])('a store that cannot tell is asked once', async (store) => {
  const { watching, heard } = listening(store)
  watching.begin()
  await after(300)
  expect(watching.isListening()).toBe(false)
  expect(heard).toEqual([])
  await watching.close()
})

test('closed while it opens it is closed when it is open, and does not begin again', async () => {
  let open = () => {}
  let closed = 0
  let calls = 0
  const { watching } = listening({
    async watch() {
      calls += 1
      await new Promise<void>((resolve) => {
        open = resolve
      })
      const close = async () => {
        closed += 1
      }
      return { close }
    },
  })
  watching.begin()
  await watching.close()
  open()
  await until(() => closed === 1)
  watching.begin()
  expect(calls).toBe(1)
  expect(watching.isListening()).toBe(false)
})
