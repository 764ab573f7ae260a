import { type RecordingReceiver, recordingReceiver } from 'oidc-provider-deferred/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notifiedAt } from '../support/clients.js'
import { describeMongo, useDatabase } from '../support/database.js'
import { type ProviderNode, startNode } from '../support/node.js'
import { until } from '../support/receiver.js'
import { relyingParty } from '../support/relying_party.js'
import { userAgent } from '../support/user_agent.js'
import type { WrittenSpan } from './tracing_node.js'

const uri = process.env.DEFERRED_TEST_MONGODB_URI ?? ''

function spansOf(node: ProviderNode, id: string): WrittenSpan[] {
  const lines = node
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"name":"deferral.'))
  const spans: WrittenSpan[] = lines.map((line) => JSON.parse(line))
  return spans.filter(({ attributes }) => attributes['deferral.id'] === id)
}

describeMongo('two processes on one database', () => {
  const database = useDatabase()
  const nodes: ProviderNode[] = []
  let receiver: RecordingReceiver

  beforeAll(async () => {
    receiver = await recordingReceiver()
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await receiver?.close()
  })

  async function start(worker: boolean): Promise<ProviderNode> {
    const { resolve, ...notification } = receiver.notification
    const node = await startNode({
      uri,
      database: database.db.databaseName,
      issuer: 'https://op.example',
      clients: notifiedAt(receiver.endpoint),
      modules: { extension: new URL('./tracing_node.js', import.meta.url).href },
      deferred: {
        interval: 1,
        keys: [Buffer.alloc(32, 1).toString('base64url')],
        notification: { ...notification, worker, hosts: { 'rp.example': ['127.0.0.1'] } },
      },
    })
    nodes.push(node)
    return node
  }

  test('the request of one process is linked from the decision and the redemption in another', async () => {
    const first = await start(false)
    const rp = relyingParty(first.origin)
    const { params } = await userAgent().visit(rp.authorizationUrl())
    const { body } = await rp.exchange(params.deferred_code ?? '')
    const id = String(body.deferred_auth_id).slice(0, 22)
    await until(() => spansOf(first, id).length === 2)
    // a day later the first process may be gone
    await first.stop()

    const second = await start(true)
    await second.deferrals.approve(id, { by: 'robin' })
    const tokens = await relyingParty(second.origin).poll(body.deferred_auth_id)
    expect([tokens.status, Object.keys(tokens.body)]).toEqual([200, expect.arrayContaining(['access_token'])])
    await until(() => spansOf(second, id).length >= 2)

    const [creation, exchange] = spansOf(first, id)
    const [decision, redemption] = spansOf(second, id).filter(({ name }) => name !== 'deferral.notify')
    expect([creation, exchange, decision, redemption].map((span) => [span?.name, span?.links])).toEqual([
      ['deferral.create', []],
      ['deferral.exchange', [creation?.spanId]],
      ['deferral.decide', [creation?.spanId]],
      ['deferral.redeem', [decision?.spanId]],
    ])
    expect(creation?.pid).not.toBe(decision?.pid)
    for (const output of [first.output(), second.output()]) expect(output).not.toContain(body.deferred_auth_id)
  })
})
