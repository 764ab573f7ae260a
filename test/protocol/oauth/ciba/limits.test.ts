import { describe, expect, test } from 'vitest'
import { held } from '../../../support/deferral.js'
import { hint, withPhone } from '../../../support/phone.js'
import { withProvider } from '../../../support/provider.js'
import { relyingParty } from '../../../support/relying_party.js'
import { nobody, useHints } from './hinting.js'

const { phone, rp, code, deferrals } = useHints()

describe('X-112 limits', () => {
  test('X-110 X-126 at most maxLegs questions about one deferral, each ends the one before; then nobody can be asked', async () => {
    const { options: few, phone: device } = withPhone({ hint: true, maxLegs: 2, maxOpen: { perAccount: 9 } })
    await withProvider(few, async (at) => {
      const client = relyingParty(at.issuer)
      const { deferralCode, id } = await held(at, client, 'authorization_code')
      for (const times of [1, 2]) {
        expect((await hint(client, deferralCode)).status).toBe(200)
        await device.asked(id, times)
      }
      const { legs, history } = (await at.provider.deferrals.get(id)) ?? {}
      expect(legs).toMatchObject([{ reason: 'superseded', endedAt: expect.any(Date) }, { kind: 'hint' }])
      expect(history?.filter(({ event }) => event === 'leg_opened')).toHaveLength(2)
      expect(await hint(client, deferralCode)).toMatchObject(nobody)
      expect((await at.provider.deferrals.get(id))?.history?.at(-1)).toMatchObject({ event: 'leg_refused' })
    })
  })

  test.each([{ perAccount: 1 }, { perClient: 1 }])(
    'X-112 with %j another deferral has to wait until the first one is answered',
    async (maxOpen) => {
      const { options: few, phone: device } = withPhone({ hint: true, maxOpen })
      await withProvider(few, async (at) => {
        const client = relyingParty(at.issuer)
        const [first, second] = [
          await held(at, client, 'authorization_code'),
          await held(at, client, 'authorization_code'),
        ]
        expect((await hint(client, first.deferralCode)).status).toBe(200)
        expect(await hint(client, second.deferralCode)).toMatchObject(nobody)
        await device.allow(at, await device.asked(first.id))
        expect((await hint(client, second.deferralCode)).status).toBe(200)
      })
    },
  )
})

test('X-110 a hook that throws frees the leg, and the client gets its error', async () => {
  const { deferralCode, id } = await code()
  phone.behave = () => {
    throw new Error('the device is off')
  }
  expect((await hint(rp(), deferralCode)).status).toBe(500)
  phone.behave = () => undefined
  expect((await deferrals().get(id))?.legs).toBeUndefined()
  expect((await hint(rp(), deferralCode)).status).toBe(200)
})
