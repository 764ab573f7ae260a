import { setTimeout as pause } from 'node:timers/promises'
import type { Shown } from './browser.js'
import { expectPage } from './expect.js'
import type { Customer } from './people.js'
import type { Recorded, Recorder } from './recorder.js'

const patience = 20_000

/** Waits, quietly, until a client has seen `count` answers to token requests. */
export async function tokenRequests(recorder: Recorder, seen: Recorded[], count: number): Promise<void> {
  const until = Date.now() + patience
  const polled = () => seen.filter(({ url, method }) => method === 'POST' && url.pathname === '/op/token').length
  for (;;) {
    seen.push(...recorder.take())
    if (polled() >= count) return
    if (Date.now() > until) throw new Error(`nobody asked ${count} times within ${patience / 1000} s`)
    await pause(50)
  }
}

/** The answer has reached the relying party: looks again until it has written it down. */
export async function ended(customer: Customer, heading: string, path?: '/account' | '/banking'): Promise<Shown> {
  const until = Date.now() + patience
  for (;;) {
    const page = await customer.look(path)
    if (page.text.includes(`<h1>${heading}</h1>`) || Date.now() > until) return expectPage(page, heading)
    await pause(200)
  }
}

/** Waits, quietly, until something is there. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const latest = Date.now() + patience
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > latest) throw new Error(`it did not come within ${patience / 1000} s`)
    await pause(50)
  }
}
