import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waiting } from '../../support/journey.js'
import { startProvider, type TestProvider } from '../../support/provider.js'
import { relyingParty } from '../../support/relying_party.js'

let op: TestProvider

beforeAll(async () => {
  op = await startProvider()
})

afterAll(() => op.close())

async function described(progress?: { step: string; position?: number; estimate?: number }): Promise<unknown> {
  const rp = relyingParty(op.issuer)
  const { handle, id } = await waiting(op, rp)
  if (progress) expect(await op.provider.deferrals.progress(id, progress)).toMatchObject({ changed: true })
  const { status, body } = await rp.poll(handle)
  expect({ status, error: body.error }).toEqual({ status: 400, error: 'authorization_pending' })
  return body.error_description
}

describe('O-067 progress in the pending answer', () => {
  test.each([
    [{ step: 'document check' }, 'step=document check'],
    [{ step: 'review', position: 3 }, 'step=review; position=3'],
    [{ step: 'review', position: 3, estimate: 7200 }, 'step=review; position=3; estimate=7200'],
    [{ step: 'review', estimate: 0 }, 'step=review; estimate=0'],
  ])('%j reads %j', async (progress, expected) => {
    expect(await described(progress)).toBe(expected)
  })

  test.each([
    [{ step: 'fast fertig \u{1f389}' }, 'step=fast fertig'],
    [{ step: 'say "ah"\r\nX-Injected: 1\t\\' }, "step=say 'ah' X-Injected: 1"],
    [{ step: 'Pr\u00fcfung l\u00e4uft' }, 'step=Prufung lauft'],
    [{ step: '\u5be9\u67fb' }, 'the deferred authentication has not been decided yet'],
    [{ step: 'review; position=1; estimate=0', position: 9 }, 'step=review, position:1, estimate:0; position=9'],
  ])('O-078 C46 C47 %j is sanitised to %j', async (progress, expected) => {
    expect(await described(progress)).toBe(expected)
  })

  test('progress travels whole as well, for people, and only what was given', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    expect((await rp.poll(handle)).body).not.toHaveProperty('progress')
    for (const progress of [
      { step: '\u5be9\u67fb; "\u{1f389}"', position: 3, estimate: 0 },
      { step: 'Pr\u00fcfung' },
    ]) {
      const { deferral } = await op.provider.deferrals.progress(id, progress)
      expect(deferral.progress).toEqual(progress)
      op.clock.advance(5)
      expect((await rp.poll(handle)).body.progress).toEqual(progress)
    }
  })

  test('before any progress the answer names no step, and no person who has to act', async () => {
    expect(await described()).toBe('the deferred authentication has not been decided yet')
  })

  test('the latest one counts, on a poll on time', async () => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    for (const step of ['one', 'two']) {
      await op.provider.deferrals.progress(id, { step })
      expect((await rp.poll(handle)).body.error_description).toBe(`step=${step}`)
      op.clock.advance(5)
    }
    expect((await op.provider.deferrals.get(id))?.progress).toEqual({ step: 'two' })
  })

  test('E-53 nothing of notes, reviewers or evidence reaches the client', async () => {
    const rp = relyingParty(op.issuer)
    op.user.interaction = { context: { document: 'passport-4711' } }
    const { handle, id } = await waiting(op, rp)
    op.user.interaction = {}
    await op.provider.deferrals.progress(id, { step: 'review' })
    const pending = await rp.poll(handle)
    await op.provider.deferrals.deny(id, { by: 'carol', note: 'looks forged' })
    const denied = await rp.poll(handle)
    for (const { body, headers } of [pending, denied]) {
      const seen = JSON.stringify([body, [...headers]])
      for (const secret of ['carol', 'forged', 'passport', id]) expect(seen).not.toContain(secret)
    }
    expect(denied.body.error).toBe('access_denied')
  })
})

describe('C-I16 the description of a denial', () => {
  test.each([
    ['the document has expired', 'the document has expired'],
    ['see "rules"\nline \u2603', "see 'rules' line"],
    ['\u5be9\u67fb', 'the deferred authentication was denied'],
    [undefined, 'the deferred authentication was denied'],
  ])('O-074 O-078 C47 %j reaches the client as %j', async (description, expected) => {
    const rp = relyingParty(op.issuer)
    const { handle, id } = await waiting(op, rp)
    await op.provider.deferrals.deny(id, description === undefined ? {} : { description })
    for (let n = 0; n < 2; n++) {
      expect(await rp.poll(handle)).toMatchObject({
        status: 400,
        body: { error: 'access_denied', error_description: expected },
      })
      expect((await rp.poll(handle)).body.reason).toBe(description)
    }
  })
})
