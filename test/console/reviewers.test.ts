import { describe, expect, test } from 'vitest'
import { revisionIn, staff, startDesk, type TestDesk } from './desk.js'
import { useReview } from './use_review.js'

describe('a request', () => {
  let desk: TestDesk
  let id: string
  const { rights, page, revision, deferral, decide } = useReview((review) => {
    ;({ desk, id } = review)
  })

  test('that moved decides nothing, and says what changed and by whom', async () => {
    const seen = await revision()
    await desk.op.provider.deferrals.comment(id, { by: 'robin', text: 'wait for me' })
    for (const verb of ['approve', 'deny', 'cancel']) {
      const answer = await decide(verb, { revision: seen, reason: 'no' })
      const html = await answer.text()
      expect([verb, answer.status, (await deferral()).status]).toEqual([verb, 409, 'pending'])
      expect(html).toContain('this request changed while you looked at it')
      expect(html).toMatch(/role="alert">[\s\S]*Comment<\/strong> by <bdi>Robin Vale<\/bdi>[\s\S]*wait for me/)
    }
    expect((await decide('approve', { revision: await revision() })).status).toBe(303)
  })

  test('that moved keeps what was typed and ticked off', async () => {
    const form = [
      ['revision', 'old'],
      ['offered', 'scope'],
      ['scope', '0'],
      ['scope', '2'],
      ['note', 'half a <note>'],
      ['reason', 'half a "reason"'],
    ] as [string, string][]
    const html = await (await decide('approve', form)).text()
    expect(html).toContain('rows="2">half a &lt;note&gt;</textarea>')
    expect(html).toContain('value="half a &quot;reason&quot;"')
    const boxes = [...html.matchAll(/type="checkbox" name="scope" value="(\d)"( checked)?/g)]
    expect(boxes.map(([, value, checked]) => [value, Boolean(checked)])).toEqual([
      ['0', true],
      ['1', false],
      ['2', true],
    ])
  })

  test.each(['', 'x', '0.', '99999999999999999999.x', '-1.x', 'NaN'])(
    'decides nothing for the revision %j',
    async (wrong) => {
      expect((await decide('approve', { revision: wrong })).status).toBe(409)
      expect((await deferral()).status).toBe('pending')
    },
  )

  test.each<[string, () => Promise<unknown>]>([
    ['the progress', () => desk.op.provider.deferrals.progress(id, { step: 'next', by: 'robin' })],
    [
      'the interaction',
      () => desk.op.provider.deferrals.requireInteraction(id, { uri: 'https://op.example/x', by: 'robin' }),
    ],
    ['the assignment', () => desk.op.provider.deferrals.assign(id, { to: 'robin', by: 'robin' })],
    ['the expiry', () => desk.op.provider.deferrals.extend(id, { expiresIn: 5000, by: 'robin' })],
  ])('is another one after %s', async (_, change) => {
    const seen = await revision()
    await change()
    expect((await decide('approve', { revision: seen })).status).toBe(409)
    expect((await deferral()).status).toBe('pending')
  })

  test('decided by somebody else meanwhile names them and the time', async () => {
    const seen = await revision()
    await desk.op.provider.deferrals.deny(id, { by: 'robin', description: 'no' })
    const answer = await decide('approve', { revision: seen })
    expect(answer.status).toBe(409)
    expect(await answer.text()).toMatch(
      /Nothing changed:<\/strong> Robin Vale refused this request at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/,
    )
  })

  test('of two reviewers at once has one winner', async () => {
    const seen = await revision()
    const answers = await Promise.all([
      decide('approve', { revision: seen }, 'kim'),
      decide('deny', { revision: seen, reason: 'no' }, 'robin'),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 409])
    const { decision, history } = await deferral()
    expect(decision?.by).toBe(answers[0]?.status === 303 ? 'kim' : 'robin')
    expect(history.filter(({ event }) => event === 'approved' || event === 'denied')).toHaveLength(1)
  })

  test('is not decided by somebody who lost the right between the page and the form', async () => {
    const seen = await revision('robin')
    rights.robin = 'this needs a risk officer'
    for (const verb of ['approve', 'deny', 'cancel', 'progress', 'interaction', 'extend', 'resume']) {
      const answer = await decide(verb, { revision: seen, reason: 'no', step: 'x', hours: '1' }, 'robin')
      expect([verb, answer.status]).toEqual([verb, 403])
      expect(await answer.text()).toContain('This needs a risk officer.')
    }
    expect((await deferral()).status).toBe('pending')
    const html = await page('robin')
    expect(html).toContain('This needs a risk officer. You can read it and comment on it.')
    expect(html).not.toContain('>Approve</button>')
    expect(html).not.toContain('>Refuse</button>')
    expect(await (await desk.get('', 'robin')).text()).toContain('not yours to decide')
  })

  test.each([undefined, null, 1, 'yes', {}, 'true'])(
    'is decided only where mayDecide says true, not %j',
    async (permission) => {
      rights.robin = permission as never
      expect((await decide('approve', { revision: await revision() }, 'robin')).status).toBe(403)
    },
  )

  test('is not decided by its own account', async () => {
    const plain = await startDesk()
    const own = await plain.add({ accountId: 'alice' })
    const form = { revision: revisionIn(await (await plain.get(`deferrals/${own}`)).text()), confirmed: 'yes' }
    const answer = await plain.post(`deferrals/${own}/approve`, form, 'alice')
    expect([answer.status, (await answer.text()).includes('about your own account')]).toEqual([403, true])
    expect((await plain.post(`deferrals/${own}/approve`, form, 'kim')).status).toBe(303)
    await plain.close()
  })

  test('that nobody may decide says so at the top', async () => {
    const strict = await startDesk({ operators: () => staff, mayDecide: () => false })
    const other = await strict.add()
    expect(await (await strict.get(`deferrals/${other}`)).text()).toContain(
      'Nobody who works here may decide this request.',
    )
    await strict.close()
  })
})
