import { setTimeout as pause } from 'node:timers/promises'
import type { Shown } from './browser.js'
import { expectPage } from './expect.js'
import type { Customer } from './people.js'
import type { Recorded, Recorder } from './recorder.js'

const patience = 20_000

/** Waits until a client has `count` answers to token requests. */
export async function tokenRequests(recorder: Recorder, exchanges: Recorded[], count: number): Promise<void> {
  const until = Date.now() + patience
  const polled = () => exchanges.filter(({ url, method }) => method === 'POST' && url.pathname === '/op/token').length
  for (;;) {
    exchanges.push(...recorder.take())
    if (polled() >= count) return
    if (Date.now() > until) throw new Error(`fewer than ${count} token requests within ${patience / 1000} s`)
    await pause(50)
  }
}

/** Opens the page of the journey again until it has this heading. */
export async function pageAtEnd(customer: Customer, heading: string, path?: '/account' | '/banking'): Promise<Shown> {
  const until = Date.now() + patience
  for (;;) {
    const page = await customer.look(path)
    if (page.text.includes(`<h1>${heading}</h1>`) || Date.now() > until) return expectPage(page, heading)
    await pause(200)
  }
}

/** Waits until `look` returns something. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const latest = Date.now() + patience
  for (;;) {
    const value = await look()
    if (value !== undefined) return value
    if (Date.now() > latest) throw new Error(`nothing came within ${patience / 1000} s`)
    await pause(50)
  }
}
