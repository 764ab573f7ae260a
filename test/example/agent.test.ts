import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Bank, startBank } from '../../example-app/start.js'
import { until } from '../support/receiver.js'
import { approvedByTwo } from './payments.js'

const main = fileURLToPath(new URL('../../example-app/agent.js', import.meta.url))

interface Running {
  child: ChildProcessWithoutNullStreams
  /** Everything that it has printed. */
  text(): string
  /** Its exit code, or the signal that killed it. */
  end: Promise<unknown>
}

describe('npm run agent', () => {
  const agents: Running[] = []
  let bank: Bank
  let folder: string
  let file: string

  beforeAll(async () => {
    bank = await startBank({ ports: [0, 0, 0, 0, 0, 0], deferral: { interval: 1 } })
  })
  afterAll(() => bank.stop())

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-'))
    file = join(folder, 'new', 'request.json')
  })
  afterEach(async () => {
    for (const { child, end } of agents.splice(0)) {
      child.kill('SIGKILL')
      await end
    }
    await rm(folder, { recursive: true })
  })

  function start(...options: string[]): Running {
    const env = { ...process.env, ISSUER: bank.provider.issuer, AGENT_FILE: file }
    const child = spawn(process.execPath, [main, ...options], { env })
    const parts: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => parts.push(String(part)))
    const end = once(child, 'close').then(([code, signal]) => code ?? signal)
    const agent = { child, text: () => parts.join(''), end }
    agents.push(agent)
    return agent
  }

  const says = (agent: Running, words: string) => until(() => agent.text().includes(words))
  const pending = async () => (await bank.provider.deferrals.list({ status: 'pending' })).deferrals.map(({ id }) => id)

  /** An agent that waits, and the request that it waits for. */
  async function waiting(...options: string[]): Promise<{ agent: Running; id: string }> {
    const agent = start(...options)
    await says(agent, 'No decision yet')
    const [id, ...others] = await pending()
    expect(others).toEqual([])
    return { agent, id: id! }
  }

  test.each([
    ['Ctrl+C', 'SIGINT', 130],
    ['the death of the process', 'SIGKILL', 'SIGKILL'],
  ] as const)('after %s the next start goes on with the same request', async (_, signal, code) => {
    const { agent, id } = await waiting('--amount', '900', '--to', 'Post office')
    agent.child.kill(signal)
    expect(await agent.end).toBe(code)
    if (signal === 'SIGINT') expect(agent.text()).toContain(`My request is in ${file}`)
    const next = start()
    await says(next, "I go on with my request for 900.00 euro from mina's account to Post office.")
    await says(next, 'No decision yet')
    expect(await pending()).toEqual([id])
    await bank.provider.deferrals.approve(id)
    expect(await next.end).toBe(0)
    expect(next.text()).toContain('Granted: 900.00 euro of the 900.00 euro I asked for.')
    expect(existsSync(file)).toBe(false)
  })

  test('it is approved while nobody waits', async () => {
    const { agent, id } = await waiting()
    agent.child.kill('SIGINT')
    await agent.end
    await approvedByTwo(bank, id)
    const next = start()
    expect(await next.end).toBe(0)
    expect(next.text()).toContain('Granted: 4,200.00 euro')
  })

  test('the saved request is for its owner only, and holds all that is needed', async () => {
    const { agent, id } = await waiting()
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600')
    expect(((await stat(join(file, '..'))).mode & 0o777).toString(8)).toBe('700')
    const saved = JSON.parse(await readFile(file, 'utf8'))
    expect(saved).toMatchObject({ deferral: { profile: 'oauth', issuer: bank.provider.issuer }, key: { kty: 'EC' } })
    expect(agent.text()).not.toContain(saved.deferral.handle)
    await bank.provider.deferrals.deny(id, { description: 'not today' })
    expect(await agent.end).toBe(1)
    expect(agent.text()).toContain('Refused: not today.')
    expect(existsSync(file)).toBe(false)
  })

  test('a request that the provider does not know any more ends, and the next start asks anew', async () => {
    const { agent, id } = await waiting()
    agent.child.kill('SIGINT')
    await agent.end
    const saved = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...saved, deferral: { ...saved.deferral, handle: 'A'.repeat(65) } }))
    const next = start()
    expect(await next.end).toBe(1)
    expect(next.text()).toContain('Refused: the handle is not known')
    expect(existsSync(file)).toBe(false)
    await bank.provider.deferrals.cancel(id)
  })

  test('--cancel cancels it', async () => {
    const { agent } = await waiting()
    agent.child.kill('SIGINT')
    await agent.end
    const canceller = start('--cancel')
    expect(await canceller.end).toBe(0)
    expect(canceller.text()).toContain('I cancelled my request for 4,200.00 euro')
    expect([existsSync(file), await pending()]).toEqual([false, []])
    const again = start('--cancel')
    await again.end
    expect(again.text()).toContain('No request waits.')
  })

  test('a file that has something else is named and left alone', async () => {
    file = join(folder, 'notes.json')
    await writeFile(file, '[]')
    const agent = start()
    expect(await agent.end).toBe(1)
    expect(agent.text()).toContain(`${file} has no saved request: delete it`)
    expect([await readFile(file, 'utf8'), await pending()]).toEqual(['[]', []])
  })
})
