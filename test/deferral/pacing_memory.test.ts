import { expect, test } from 'vitest'
import { createPacing } from '../../lib/deferral/pacing.js'

const start = Date.parse('2026-01-01T00:00:00Z')

test('what has expired is forgotten, what waits is kept, and the room is free again', () => {
  const pacing = createPacing(3)
  const poll = (id: string, lifetime: number, at: number) => {
    const expiresAt = new Date(start + lifetime * 1000)
    return pacing.admit({ id, clientId: 'client', interval: 600, expiresAt }, start + at * 1000)
  }
  const isKept = (id: string, lifetime: number, at: number) => !poll(id, lifetime, at)
  poll('long', 86_400, 0)
  for (const id of ['a', 'b']) poll(id, 30, 0)
  // without room for the expired ones the oldest that waits would have to go
  poll('c', 86_400, 61)
  poll('d', 86_400, 61)
  expect(isKept('long', 86_400, 62)).toBe(true)
})
