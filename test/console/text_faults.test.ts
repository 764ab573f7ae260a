import type { Texts } from 'oidc-provider-deferred/console'
import { createDeferral } from 'oidc-provider-deferred/testing'
import { expect, test } from 'vitest'
import { mountRecordingErrors, startDesk, type TestDesk } from './desk.js'

const fault = new Error('no such user')
/** What the odd request asks for. */
const oddRights = 'payments'

/** A text, unless it is one of the odd request. */
function unlessOdd<T>(isOdd: boolean, text: T): T {
  if (isOdd) throw fault
  return text
}

async function addBoth(desk: TestDesk, accounts: boolean) {
  const { provider } = desk.op
  const add = (accountId: string, scope: string) =>
    createDeferral(provider, { clientId: 'secret', scope: [scope], ...(accounts && { accountId }) })
  const [odd, plain] = [await add('deleted', oddRights), await add('mina', 'email')]
  return { odd: odd.id, plain: plain.id }
}

const name = 'Mina Berg'
const cases: readonly { texts: Texts; fallback: string; accounts?: boolean; pageStatus?: number }[] = [
  { texts: { person: async (id) => unlessOdd(id === 'deleted', name) }, fallback: '<bdi>deleted</bdi>' },
  {
    texts: { subject: ({ scope }) => unlessOdd(scope.includes(oddRights), name) },
    fallback: '<bdi>unknown</bdi>',
    accounts: false,
  },
  { texts: { kind: ({ accountId }) => unlessOdd(accountId === 'deleted', name) }, fallback: 'Sign-in' },
  {
    texts: { scope: (scope) => unlessOdd(scope === oddRights, { label: name }) },
    fallback: oddRights,
    // the page of a request needs the words for its rights
    pageStatus: 500,
  },
]

test.each(cases.map((one) => ({ ...one, member: Object.keys(one.texts)[0] })))(
  'a texts.$member that throws for one request hides no other one',
  async ({ texts, fallback, accounts = true, pageStatus = 200 }) => {
    const faults: unknown[] = []
    const desk = await startDesk({ texts }, { by: mountRecordingErrors(faults) })
    const { odd, plain } = await addBoth(desk, accounts)
    for (const path of ['', 'batch']) {
      const answer = await desk.get(path)
      const text = await answer.text()
      expect([path, answer.status]).toEqual([path, 200])
      for (const words of [name, fallback, `deferrals/${odd}`, `deferrals/${plain}`]) expect(text).toContain(words)
    }
    expect(faults).toEqual([fault, fault])
    expect((await desk.get(`deferrals/${odd}`)).status).toBe(pageStatus)
    expect((await desk.get(`deferrals/${plain}`)).status).toBe(200)
    await desk.close()
  },
)

test.each([
  ['kind', { kind: () => 1 }],
  ['person', { person: () => 1 }],
])('a texts.%s that returns no text is reported, and hides nothing', async (_, texts) => {
  const faults: unknown[] = []
  const desk = await startDesk({ texts: texts as object }, { by: mountRecordingErrors(faults) })
  const { odd } = await addBoth(desk, true)
  for (const path of ['', 'batch', `deferrals/${odd}`]) expect((await desk.get(path)).status).toBe(200)
  expect(faults[0]).toBeInstanceOf(TypeError)
  await desk.close()
})

test('a texts.kind that throws for one request hides no other notification', async () => {
  const desk = await startDesk(
    { texts: { kind: ({ accountId }) => unlessOdd(accountId === 'deleted', name) } },
    { by: mountRecordingErrors([]) },
  )
  const notification = { status: 'failed', attempts: 1, notBefore: desk.op.clock.now(), fence: 1 } as const
  const ids = [await desk.add({ accountId: 'deleted', notification }), await desk.add({ notification })]
  const text = await (await desk.get('notifications')).text()
  for (const id of ids) expect(text).toContain(`deferrals/${id}`)
  await desk.close()
})

test('a texts.person that throws for one name in the history leaves the id there', async () => {
  const desk = await startDesk(
    { operators: () => [{ id: 'kim', name: 'Kim Park' }], texts: { person: (id) => unlessOdd(id === 'gone', name) } },
    { by: mountRecordingErrors([]) },
  )
  const id = await desk.add()
  await desk.op.provider.deferrals.comment(id, { by: 'gone', text: 'a remark' })
  const answer = await desk.get(`deferrals/${id}`)
  const text = await answer.text()
  expect([answer.status, text.includes('gone'), text.includes(name)]).toEqual([200, true, true])
  await desk.close()
})
