import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Begun, startWire, type Wire } from '../../notification/wire.js'
import { answering, until } from '../../support/receiver.js'

const lifetime = 600

let wire: Wire

beforeAll(async () => {
  wire = await startWire({ deferred: { ttl: { deferral: lifetime } } })
})
afterAll(() => wire.close())

const approve = ({ id }: Begun) => wire.op.provider.deferrals.approve(id)
const expire = async () => wire.op.clock.advance(lifetime)

async function attempted(begun: Begun): Promise<void> {
  await approve(begun)
  await wire.over(begun.id, 1)
  expect(await wire.kept(begun.id)).toHaveProperty('sealed')
}

test.each<[string, (begun: Begun) => Promise<unknown>, string, number]>([
  ['its callback was delivered', approve, 'delivered', 204],
  ['it has been redeemed', (begun) => attempted(begun).then(() => begun.poll()), 'suppressed', 503],
  ['it has been revoked', ({ revoke }) => revoke(), 'suppressed', 204],
  ['it expired undecided', expire, 'suppressed', 204],
  ['it expired while nobody answered', (begun) => attempted(begun).then(expire), 'failed', 503],
  ['it expired after the callback was given up', (begun) => attempted(begun).then(expire), 'failed', 403],
])('I-120 C-I12 E-26 the notification token of a deferral is forgotten when %s', async (_when, end, status, answer) => {
  const begun = await wire.begin('oauth', { token: 'a-notification-token' })
  wire.answer(begun.id, answering(answer))
  expect((await wire.kept(begun.id))?.sealed).toMatch(/^[\w-]+(\.[\w-]*){4}$/)
  wire.op.clock.advance(2)
  await end(begun)
  await until(async () => (await wire.kept(begun.id))?.sealed === undefined)
  expect(await wire.kept(begun.id)).toMatchObject({ status })
  expect(await wire.kept(begun.id)).not.toHaveProperty('due')
})
