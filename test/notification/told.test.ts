import type { Profile } from 'oidc-provider-deferred'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { revoke } from '../support/deferral.js'
import { relyingParty } from '../support/relying_party.js'
import { type Begun, endpoints, profiles, startWire, type Wire } from './wire.js'

/*
 * What clients hear of, and what not. All stories are lived at once; a sweep afterwards sends whatever is owed.
 */
let wire: Wire
const lived = new Map<string, Begun>()

beforeAll(async () => {
  wire = await startWire({
    deferred: { ttl: { deferral: 3600 } },
    clients: (endpoint) =>
      endpoints(endpoint).map(({ deferred_client_notification_endpoint: at, ...client }) => ({
        ...client,
        ...(client.client_id !== 'assertion' && { deferred_client_notification_endpoint: at }),
      })),
  })
  await Promise.all(
    profiles.flatMap((profile) =>
      Object.entries({ ...ends(profile), ...silent(profile) }).map(async ([name, live]) => {
        const clientId = name.includes('without an endpoint') ? 'assertion' : 'secret'
        const begun = await wire.begin(profile, { clientId, token: 'a-token' })
        lived.set(`${profile} ${name}`, begun)
        await live(begun)
      }),
    ),
  )
  await wire.swept()
})
afterAll(() => wire.close())

const deferrals = () => wire.op.provider.deferrals
type Story = (begun: Begun) => Promise<unknown>

// the ids of both drafts, which say the same of both profiles
function ends(profile: Profile): Record<string, Story> {
  const of = (openid: string, oauth: string) => (profile === 'openid' ? openid : oauth)
  return {
    [`${of('O-089', 'I-096')} C70 an approval`]: ({ id }) => deferrals().approve(id),
    [`${of('O-089', 'I-096')} C70 a denial`]: ({ id }) => deferrals().deny(id, { note: 'no' }),
    [`${of('O-089', 'I-096')} C-I25 a cancellation by the operator`]: ({ id }) => deferrals().cancel(id),
    [`${of('O-089', 'I-096')} C-I25 a cancellation by the operator after the approval, once`]: ({ id }) =>
      deferrals()
        .approve(id)
        .then(() => deferrals().cancel(id, { by: 'reviewer' })),
    'an approval after an extension': ({ id }) =>
      deferrals()
        .extend(id, { expiresIn: 7200 })
        .then(() => deferrals().approve(id)),
    'an approval, which another client tried to prevent': async ({ id, handle }) => {
      const other = relyingParty(wire.op.issuer, 'other')
      for (const { status } of [await revoke(other, handle), await other.cancel(handle)]) expect(status).toBe(200)
      await deferrals().approve(id)
    },
    'an approval that came after progress, and before another decision': async ({ id }) => {
      await deferrals().progress(id, { step: 'seen' })
      await deferrals().approve(id)
      expect((await deferrals().deny(id)).changed).toBe(false)
    },
  }
}

function silent(profile: Profile): Record<string, Story> {
  const of = (openid: string, oauth: string) => (profile === 'openid' ? openid : oauth)
  const own: Record<string, Story> =
    profile === 'openid'
      ? { 'C-O22 its own cancellation': ({ rp, handle }) => rp.cancel(handle) }
      : { 'an interaction that is asked for': ({ id }) => deferrals().requireInteraction(id, { uri: page }) }
  return {
    ...own,
    [`${of('C-O22', 'I-107 C-I25')} its own revocation`]: ({ revoke }) => revoke(),
    [`${of('C-O22', 'I-107 C-I25')} E-29 its own revocation after an approval it was not told of yet`]: async (
      begun,
    ) => {
      await deferrals().approve(begun.id)
      await begun.revoke()
    },
    [`${of('O-069', 'I-108')} E-29 a redemption before it was told`]: async ({ id, poll }) => {
      await deferrals().approve(id)
      expect((await poll()).status).toBe(200)
    },
    [`${of('C04', 'C04')} an approval, without an endpoint`]: ({ id }) => deferrals().approve(id),
    'progress, which is no end': ({ id }) => deferrals().progress(id, { step: 'seen', position: 2 }),
    'nothing that happened yet': async () => undefined,
  }
}

const page = 'https://op.example/confirm'

describe.each(profiles)('%s profile', (profile) => {
  test.each(Object.keys(ends(profile)))('a client is notified of %s', async (name) => {
    const { id, poll } = lived.get(`${profile} ${name}`) as Begun
    await wire.settled(id, 'delivered')
    expect(wire.heard(id)).toHaveLength(1)
    // and hears the rest by polling
    const { body } = await poll()
    expect(body).toEqual(
      name.includes('denial') || name.includes('cancellation')
        ? expect.objectContaining({ error: 'access_denied' })
        : expect.objectContaining({ access_token: expect.any(String) }),
    )
  })

  test.each(Object.keys(silent(profile)))('a client is not notified of %s', async (name) => {
    const { id } = lived.get(`${profile} ${name}`) as Begun
    expect(wire.heard(id)).toEqual([])
    const kept = await wire.kept(id)
    const isOver = (await deferrals().get(id))?.status !== 'pending'
    // no attempt was made, nor will one be
    if (name.includes('without an endpoint')) return expect(kept).toBeUndefined()
    expect(kept).toMatchObject({ status: isOver ? 'suppressed' : 'waiting', attempts: 0 })
    expect(Object.hasOwn(kept ?? {}, 'sealed')).toBe(!isOver)
  })
})

test.each(profiles)(
  '%s profile: O-091 I-100 C70 a client is not told that it waited too long, nor what was decided by then',
  async (profile) => {
    const [ignored, late, lateCancelled] = await Promise.all([1, 2, 3].map(() => wire.begin(profile)))
    await deferrals().approve(late!.id)
    wire.op.clock.advance(3600)
    await deferrals().cancel(lateCancelled!.id)
    await wire.swept()
    await wire.settled(ignored!.id, 'suppressed')
    await wire.settled(late!.id, 'failed')
    await wire.settled(lateCancelled!.id, 'suppressed', 'failed')
    for (const { id } of [ignored!, late!, lateCancelled!]) {
      expect(wire.heard(id)).toEqual([])
      expect(await wire.kept(id)).toMatchObject({ attempts: 0 })
      expect(await wire.kept(id)).not.toHaveProperty('sealed')
    }
    expect((await late!.poll()).body.error).toBe('expired_token')
  },
)
