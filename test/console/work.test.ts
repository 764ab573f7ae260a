import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { revisionIn, staff, startDesk, type TestDesk } from './desk.js'

let desk: TestDesk
let id: string

beforeAll(async () => {
  desk = await startDesk({ operators: () => staff })
})
afterAll(() => desk.close())

const page = async (who = 'kim') => (await desk.get(`deferrals/${id}`, who)).text()
const revision = async (who = 'kim') => revisionIn(await page(who))
const deferral = async () => (await desk.op.provider.deferrals.get(id))!
const decide = (verb: string, form: Record<string, string>, who = 'kim') =>
  desk.post(`deferrals/${id}/${verb}`, { ...form, confirmed: 'yes' }, who)

describe('a request that several have to approve', () => {
  beforeEach(async () => {
    id = await desk.add({ quorum: 2, scope: ['openid', 'email'] })
  })

  test('shows the votes and who may still vote, and ends with the last one', async () => {
    expect(await page()).toContain('May still approve: you, Robin Vale, Alice Moreau.')
    const first = await decide('approve', { revision: await revision(), note: 'fine' })
    expect([first.status, (await deferral()).status]).toEqual([303, 'pending'])
    expect(first.headers.get('location')).toContain('done=voted')
    const html = await page('robin')
    expect(html).toContain('1 of 2 approvals')
    expect(html).toContain('May still approve: you, Alice Moreau.')
    expect(await page()).not.toContain('>Approve</button>')
    expect((await decide('approve', { revision: await revision('robin') }, 'robin')).status).toBe(303)
    expect((await deferral()).status).toBe('approved')
  })

  test('counts nobody twice', async () => {
    await decide('approve', { revision: await revision() })
    const again = await decide('approve', { revision: await revision('robin') })
    expect(again.status).toBe(409)
    expect(await again.text()).toContain('you have approved this request already')
  })

  test('loses a vote that is withdrawn', async () => {
    await decide('approve', { revision: await revision() })
    expect((await desk.post(`deferrals/${id}/unvote`, {})).status).toBe(303)
    expect((await deferral()).votes).toBeUndefined()
  })
})

describe('a request', () => {
  beforeEach(async () => {
    id = await desk.add({ scope: ['openid', 'email'] })
  })

  test('is assigned, taken over, given back, commented, explained, extended', async () => {
    expect((await desk.post(`deferrals/${id}/assign`, {}, 'robin')).status).toBe(303)
    expect((await deferral()).assignee).toMatchObject({ to: 'robin', by: 'robin' })
    const taken = (await deferral()).assignee?.at.getTime()
    const blind = await desk.post(`deferrals/${id}/assign`, {}, 'kim')
    expect([blind.status, (await blind.text()).includes('Robin Vale has it until')]).toEqual([409, true])
    expect((await desk.post(`deferrals/${id}/assign`, { over: String(taken) }, 'kim')).status).toBe(303)
    expect((await deferral()).assignee).toMatchObject({ to: 'kim' })
    expect((await desk.post(`deferrals/${id}/unassign`, {}, 'kim')).status).toBe(303)
    expect((await desk.post(`deferrals/${id}/assign`, { to: 'alice' }, 'kim')).status).toBe(303)
    expect((await deferral()).assignee).toMatchObject({ to: 'alice', by: 'kim' })
    expect((await desk.post(`deferrals/${id}/progress`, { step: 'Reading', position: '3', minutes: '5' })).status).toBe(
      303,
    )
    expect((await deferral()).progress).toEqual({ step: 'Reading', position: 3, estimate: 300 })
    expect((await desk.post(`deferrals/${id}/progress`, { step: 'Reading', position: '-3' })).status).toBe(400)
    expect((await desk.post(`deferrals/${id}/interaction`, { uri: 'javascript:alert(1)' })).status).toBe(400)
    expect((await desk.post(`deferrals/${id}/interaction`, { uri: 'https://op.example/confirm' })).status).toBe(303)
    expect((await deferral()).interaction).toEqual({ uri: 'https://op.example/confirm' })
    expect((await desk.post(`deferrals/${id}/resume`, {})).status).toBe(303)
    expect((await deferral()).interaction).toBeUndefined()
    const { expiresAt } = await deferral()
    expect((await desk.post(`deferrals/${id}/extend`, { hours: '48' })).status).toBe(303)
    expect((await deferral()).expiresAt > expiresAt).toBe(true)
    expect((await deferral()).status).toBe('pending')
  })

  test('is not assigned to somebody who does not work here', async () => {
    expect((await desk.post(`deferrals/${id}/assign`, { to: 'stranger' })).status).toBe(400)
    expect((await deferral()).assignee).toBeUndefined()
  })

  test('whose personal data were erased is still shown', async () => {
    await desk.op.provider.deferrals.erase({ id }, { by: 'robin' })
    const html = await page()
    expect(html).toContain('Personal data erased</strong> by <bdi>Robin Vale</bdi>')
    expect(html).not.toContain('alex')
    expect((await desk.get('?status=all')).status).toBe(200)
  })
})
