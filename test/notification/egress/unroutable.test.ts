import { afterAll, beforeAll, expect, test } from 'vitest'
import { type NotifyingProvider, startNotifying } from '../notified_clients.js'

// no host has a route for a TCP connection to a multicast address, so the attempt fails in the very call that makes it
const unroutable: Record<string, string[]> = {
  'one.example': ['224.0.0.1'],
  'two.example': ['224.0.0.1', '224.0.0.2'],
}

let op: NotifyingProvider

beforeAll(async () => {
  op = await startNotifying({ allow: ['224.0.0.0/4'], resolve: (host) => unroutable[host] ?? [] })
})
afterAll(() => op.close())

test.each(Object.keys(unroutable))(
  'E-27 a receiver without a route is tried again, and harms nobody: %s',
  async (host) => {
    await op.keep(host, `https://${host}/notified`)
    const id = await op.held(host)
    await op.provider.deferrals.approve(id)
    expect(await op.attempted(id)).toMatchObject({ status: 'owed', reason: expect.stringMatching(/^no answer: E/) })
  },
)
