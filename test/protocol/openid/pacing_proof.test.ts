import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { party, type Waiting, waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { type DpopKey, dpopKey, type RelyingParty } from '../../support/relying_party.js'

let op: TestProvider
let rp: RelyingParty

beforeAll(async () => {
  op = await startProvider()
  rp = await party(op, 'public')
})
afterAll(() => op.close())

/** What a proof may be refused for, and how it is sent. */
const refusals: Record<string, (held: Waiting) => Promise<DpopKey | undefined>> = {
  'a missing proof': async () => undefined,
  'a wrong key': () => dpopKey(),
  async 'a proof that was used before'() {
    const sent = await rp.key!.proof(`${op.issuer}/token`)
    const replayed = { ...rp.key!, proof: async () => sent }
    const other = await waiting(op, rp)
    await rp.poll(other.handle, {}, { dpop: replayed })
    return replayed
  },
}

describe.each(Object.entries(refusals))('a poll that is refused for %s', (_case, of) => {
  async function refused(held: Waiting): Promise<void> {
    const { body } = await rp.poll(held.handle, {}, { dpop: await of(held) })
    expect(body.error).toBe('invalid_dpop_proof')
  }
  const said = async ({ handle }: Waiting) => (await rp.poll(handle)).body.error

  test('moves nothing: the right one that follows comes in time', async () => {
    const held = await waiting(op, rp)
    await refused(held)
    expect(await said(held)).toBe('authorization_pending')
    op.clock.advance(5)
    await refused(held)
    expect(await said(held)).toBe('authorization_pending')
  })

  test('forgets nothing: the right one that follows too early is slow_down', async () => {
    const held = await waiting(op, rp)
    await said(held)
    op.clock.advance(2)
    await refused(held)
    expect(await said(held)).toBe('slow_down')
  })
})
